package mesh

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// environment is the configuration of a service: the shipped defaults, where its peers are, and what the scenario changes.
func (m *Mesh) environment(kind, name string) []string {
	settings := map[string]string{
		"process.server.listen":       "127.0.0.1:0",
		"process.server.admin_listen": m.admins[name],
		"process.telemetry.log_level": "error",
	}
	set := func(more map[string]string) {
		for path, value := range more {
			settings[path] = m.expand(value)
		}
	}
	switch kind {
	case "gateway":
		suffix := strings.TrimPrefix(name, "gateway")
		for _, peer := range []string{"feature", "ranking", "fallback"} {
			settings["peers."+peer+".target"] = "dns:///" + m.hops[peer+suffix].Address()
		}
	case "feature":
		settings["views"] = m.data.Views
		set(m.Store.settings(m.hops["store"].Address()))
	case "ranking":
		settings["ranking.bundle"] = m.data.Bundle
		settings["feature.target"] = "dns:///" + m.hops["items"].Address()
	case "fallback":
		settings["fallback.snapshot"] = m.snapshot()
	}
	set(m.spec.Config[kind])
	env := cleanEnvironment()
	for path, value := range settings {
		variable := "REPLI_" + strings.ToUpper(kind+"_"+strings.ReplaceAll(path, ".", "_"))
		env = append(env, variable+"="+value)
	}
	return env
}

var reference = regexp.MustCompile(`\$\{feature@([1-9])\}`)

// expand puts in the addresses of feature processes.
func (m *Mesh) expand(value string) string {
	return reference.ReplaceAllStringFunc(value, func(found string) string {
		hop, ok := m.hops["pod@"+reference.FindStringSubmatch(found)[1]]
		if !ok {
			return found
		}
		return hop.Address()
	})
}

// cleanEnvironment is that of the drill without the settings of a user's own mesh.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "REPLI_") })
}
