package crd

import "embed"

// Bases returns the folder bases, one YAML file for each kind.
func Bases() embed.FS { return bases }

//go:embed bases/*.yaml
var bases embed.FS
