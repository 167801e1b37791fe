//go:build !race

package scim_test

// raced says that data races are looked for.
const raced = false
