// Package lint judges manifests without a cluster.
//
// It promises to find what the API server would refuse, by the very schemas,
// defaults and CEL rules of our CustomResourceDefinitions, and what the
// controllers would wait for or refuse afterwards because of another object:
// references to what is not there or belongs to another organization, one
// address declared twice, units and roles that lie in themselves, roles granted
// at the wrong level, fields that a backend has no place for by what is declared
// about it, two organizations on a service provider that is one.
//
// It passes over kinds of other groups. It does not know what the cluster has,
// so a rule that compares an object with its older self is not checked, and
// what is missing may well be there. It asks no service provider what it can do.
package lint
