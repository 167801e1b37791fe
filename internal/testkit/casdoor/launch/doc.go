// Command launch runs Casdoor where it can harm nobody, and lets tests in.
//
//	launch run <program> <directory> <port>   run it there until SIGTERM
//	launch try                                exit with 0 when that is possible here
//
// Casdoor listens on all interfaces, and at its start kills the process that holds
// its port. So it gets a network of its own, in which there is nothing but a
// loopback interface, and a process table of its own, in which there is nobody to
// kill: namespaces of Linux, with a user namespace as well unless launch may make
// them without. "run" listens on a free port of the machine's 127.0.0.1, prints
// "listening on http://127.0.0.1:<port>", and hands the listening socket over to
// a copy of itself inside, which copies bytes to and from Casdoor.
//
// All that is inside ends with launch, however that ends. Elsewhere than on Linux
// it says that it cannot do any of this.
package main
