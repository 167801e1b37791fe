package app

import (
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// dialSCIM makes backends of type SCIM. What is wrong with the spec and passed
// the schema, the path of an attribute say, is KindInvalid.
func dialSCIM(l *ledger.Ledger, c clock.Clock) dialer {
	return func(named *v1alpha1.IdentityBackend, m material, former directory.Backend) (directory.Backend, error) {
		spec := named.Spec.SCIM
		if spec == nil {
			return nil, directory.Errorf(directory.KindInvalid, "", "spec.scim is missing")
		}
		client, err := protocol.New(clientOptions(spec, m, c))
		if err != nil {
			return nil, directory.Errorf(directory.KindInvalid, "", "spec.scim is wrong: %w", err)
		}
		backend, err := scim.New(scim.Options{
			Client: client, Admissions: l, Findings: l.FindingsOf(systemOf(named), editionOf(named)), Clock: c,
			Provisioning: scim.Provisioning(spec.Provisioning), Mapping: mappingOf(spec.Mapping),
		})
		if err != nil {
			return nil, directory.Errorf(directory.KindInvalid, "", "spec.scim.mapping is wrong: %w", err)
		}
		if before, is := former.(*scim.Backend); is {
			backend.Succeed(before)
		}
		return backend, nil
	}
}

// systemOf is under which name it is kept what was found out about a system.
func systemOf(named *v1alpha1.IdentityBackend) string { return named.Namespace + "/" + named.Name }

// editionOf is another one after each edit, and for one that was created anew: a
// system of which something was found out may have been mended by then.
func editionOf(named *v1alpha1.IdentityBackend) ledger.Edition {
	return ledger.Edition{Since: named.CreationTimestamp.Time, Of: string(named.UID), Generation: named.Generation}
}

func clientOptions(spec *v1alpha1.SCIMBackend, m material, c clock.Clock) protocol.Options {
	o := protocol.Options{
		URL: spec.URL, Authorize: authorizer(&spec.Credentials, m), Clock: c, UserAgent: "rollcall-manager",
		TLS: protocol.TLS{
			CABundle: []byte(m.authorities), Certificate: []byte(m.certificate), Key: []byte(m.key),
		},
		Rate:        protocol.Rate{PerSecond: float64(spec.Requests.PerSecond), Burst: int(spec.Requests.PerSecond)},
		MaxInFlight: int(spec.Requests.InFlight),
		Overrides:   overridesOf(&spec.Discovery),
	}
	if spec.Requests.Timeout != nil {
		o.Timeout = spec.Requests.Timeout.Duration
	}
	return o
}

func authorizer(from *v1alpha1.SCIMCredentials, m material) protocol.Authorizer {
	switch {
	case from.BearerTokenRef != nil:
		return protocol.BearerToken(m.bearerToken)
	case from.OAuth != nil:
		return protocol.ClientCredentials{
			TokenURL: from.OAuth.TokenURL, ClientID: from.OAuth.ClientID, ClientSecret: m.clientSecret, Scopes: from.OAuth.Scopes,
		}
	case from.Basic != nil:
		return protocol.BasicCredentials{Username: from.Basic.Username, Password: m.password}
	default:
		return protocol.NoAuthorization{}
	}
}

func overridesOf(d *v1alpha1.SCIMDiscovery) protocol.Overrides {
	return protocol.Overrides{
		Patch: setting(d.Patch), Filter: setting(d.Filter), Bulk: setting(d.Bulk), ETag: setting(d.ETag),
		CursorPaging: setting(d.CursorPaging), Delete: setting(d.Deletion),
		MaxPageSize: int(d.PageSize), MaxPatchMembers: int(d.GroupMembersPerRequest),
		UsersEndpoint: d.UsersPath, GroupsEndpoint: d.GroupsPath,
	}
}

func setting(t v1alpha1.Toggle) protocol.Setting {
	switch t {
	case v1alpha1.ToggleEnabled:
		return protocol.Yes
	case v1alpha1.ToggleDisabled:
		return protocol.No
	default:
		return protocol.AsDiscovered
	}
}

func mappingOf(m v1alpha1.SCIMMapping) scim.Mapping {
	to := scim.Mapping{Units: holdingOf(m.BusinessUnits), Roles: holdingOf(m.Roles)}
	for _, a := range m.Attributes {
		to.Attributes = append(to.Attributes, scim.Attribute{Field: directory.ProfileField(a.Field), Path: a.Attribute})
	}
	return to
}

func holdingOf(h v1alpha1.SCIMHolding) scim.Holding {
	return scim.Holding{In: scim.Holder(h.HeldIn), Attribute: h.Attribute}
}
