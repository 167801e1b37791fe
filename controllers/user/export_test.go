package user

import "context"

// FollowChanges is what the controller does with its feed of changes.
func FollowChanges(ctx context.Context, r *Reconciler, q queue) error { return r.followChanges(ctx, q) }
