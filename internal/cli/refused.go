package cli

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/lint"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
)

// refusing returns what the API server would refuse of a User, without asking it.
func refusing(ctx context.Context) (func(*v1alpha1.User) field.ErrorList, error) {
	schemas, err := lint.NewSchemas()
	if err != nil {
		return nil, fmt.Errorf("read the schemas: %w", err)
	}
	return func(u *v1alpha1.User) field.ErrorList {
		o, err := manifest.Declared(kindUser, u)
		if err != nil {
			return field.ErrorList{field.InternalError(nil, err)}
		}
		if o.GetNamespace() == "" {
			o.SetNamespace("default")
		}
		return schemas.Check(ctx, o)
	}, nil
}
