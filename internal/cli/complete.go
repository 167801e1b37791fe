package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// complete offers fixed words for a flag.
func complete(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// names offers the names of the objects of a kind, each after the prefix.
// Whoever is not told twice is left out, and so is whatever cannot be read:
// completion has nobody to complain to.
func (s *session) names(list func() client.ObjectList, prefix string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		c, err := s.cluster()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		objects := list()
		options := []client.ListOption{client.InNamespace(c.namespace)}
		if _, cluster := objects.(*corev1.NamespaceList); cluster {
			options = nil
		}
		if err := c.List(cmd.Context(), objects, options...); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var found []string
		_ = meta.EachListItem(objects, func(item runtime.Object) error {
			if o, ok := item.(client.Object); ok {
				word := prefix + o.GetName()
				if strings.HasPrefix(word, typed) && !slices.Contains(args, word) {
					found = append(found, safe.Text(word))
				}
			}
			return nil
		})
		slices.Sort(found)
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func (s *session) userNames() cobra.CompletionFunc {
	return s.names(func() client.ObjectList { return &v1alpha1.UserList{} }, "")
}

func (s *session) organizationNames() cobra.CompletionFunc {
	return s.names(func() client.ObjectList { return &v1alpha1.OrganizationList{} }, "")
}

// either offers what each of several offers.
func either(completers ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		var found []string
		for _, c := range completers {
			words, _ := c(cmd, args, typed)
			found = append(found, words...)
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// first offers only for the first argument.
func first(c cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c(cmd, args, typed)
	}
}

func (s *session) completeNamespaces(root *cobra.Command) {
	_ = root.RegisterFlagCompletionFunc("namespace", s.names(func() client.ObjectList { return &corev1.NamespaceList{} }, ""))
}

// organizationFlag adds --organization, with completion.
func (s *session) organizationFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "organization", "", "Name of the Organization. Default: the only one of the namespace.")
	_ = cmd.RegisterFlagCompletionFunc("organization", s.organizationNames())
}
