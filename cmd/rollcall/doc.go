// Command rollcall runs Rollcall's processes: the manager with the controllers
// and the mail outbox, and the portal that invited people see. It ends by
// SIGINT and SIGTERM, with what it has begun finished.
//
// Nothing is decided here: internal/app knows the flags and assembles the
// processes, so that tests run what users run.
package main
