package reference

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Creator creates the Users that are made for addresses.
type Creator struct {
	Client client.Client
	// Direct reads without a cache: what the API server has told of must be seen.
	Direct client.Reader
}

// mostNames is how many names are tried for one address.
const mostNames = 3

// Create creates the User, and returns it and true. Where the name is taken by a
// User of the same address that is there to stay, it is that one, and false:
// the cache did not show it. One that is being deleted, or was given another
// address, keeps the name; then another name is used, which is a function of who
// has the first, so that a repetition leads to the same.
func (c Creator) Create(ctx context.Context, u *v1alpha1.User) (*v1alpha1.User, bool, error) {
	for range mostNames {
		made := u.DeepCopy()
		err := c.Client.Create(ctx, made)
		if err == nil {
			return made, true, nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return nil, false, err
		}
		there := &v1alpha1.User{}
		err = c.Direct.Get(ctx, client.ObjectKeyFromObject(u), there)
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			return nil, false, fmt.Errorf("get user: %w", err)
		case isFor(there, u):
			return there, false, nil
		}
		u = u.DeepCopy()
		u.Name = UserName(u.Spec.OrganizationRef.Name, u.Spec.Email+"\n"+string(there.UID))
	}
	return nil, false, directory.Errorf(directory.KindConflict, "create user", "User %q and others have the names and are another's, or are being deleted", u.Name)
}

// isFor reports whether a User is there to stay for the person of another.
func isFor(there, u *v1alpha1.User) bool {
	canonical, err := address.Canonical(there.Spec.Email)
	return err == nil && canonical == u.Spec.Email && there.Spec.OrganizationRef == u.Spec.OrganizationRef && there.DeletionTimestamp == nil
}
