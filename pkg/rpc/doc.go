// Package rpc owns every gRPC server and connection of Repli: nothing else builds one.
//
// A server passes a call through, in this order: its span and its figure; decoding, which answers
// INVALID_ARGUMENT to bytes that are no message; recovery from panics; the mapping of errors to statuses by pkg/fault;
// the refusal of calls whose deadline has passed; validation by protovalidate; the handler. It adds health v1,
// reflection, bounds, keepalive and an orderly end.
//
// One process or four is only a target: "inproc:///feature" reaches a server over a Local, "dns:///host:port" over TCP.
// Connections are not encrypted. The package knows no service.
package rpc
