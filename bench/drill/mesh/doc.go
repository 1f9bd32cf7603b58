// Package mesh owns the real processes of a drill: the services, each its own process of the repli binary, their Redis, and a
// toxiproxy proxy on every hop between them. Everything listens on 127.0.0.1 and ends with the mesh.
//
// It breaks nothing by itself: package faults does, with what is exported here.
package mesh
