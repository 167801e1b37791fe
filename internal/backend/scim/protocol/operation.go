package protocol

// Op is what an [Operation] does (RFC 7644 section 3.5.2).
type Op string

const (
	// OpAdd adds a value, or values to a list; adding what is there changes nothing.
	OpAdd Op = "add"
	// OpReplace replaces the value at the path.
	OpReplace Op = "replace"
	// OpRemove removes what is at the path.
	OpRemove Op = "remove"
)

// Operation is one change of a resource. It always names a path: what a PATCH
// without one means differs between service providers.
type Operation struct {
	Op   Op
	Path Path
	// Value is what is added or what replaces; the zero Value for [OpRemove].
	// Replacing by the zero Value removes.
	Value Value
}
