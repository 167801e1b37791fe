// Package controllers holds the one list of controllers, and the stories that
// are told to all of them together on a real control plane.
package controllers
