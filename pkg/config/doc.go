// Package config owns how settings are read: strict YAML, overridden by the environment, checked, and every fault
// reported with the place it came from.
//
// It knows no setting by name. Packages declare a struct with yaml tags, defaults and a Validate method.
package config
