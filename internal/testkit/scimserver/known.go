package scimserver

import (
	"fmt"
	"net/http"
	"time"
)

// Known are service providers that one meets, by name, with the habits that
// their own documents tell. What those leave open is by the book. Okta, Google
// Workspace and Microsoft's provisioning service are not among them: they are
// SCIM clients.
func Known() map[string]Quirks {
	return map[string]Quirks{
		"AWS IAM Identity Center": AWSIdentityCenter(),
		"Atlassian":               Atlassian(),
		"Canva":                   Canva(),
		"GitHub organization":     GitHubOrganization(),
		"GitLab group":            GitLabGroup(),
		"HCP Terraform":           HCPTerraform(),
		"IBM Verify":              IBMVerify(),
		"JFrog":                   JFrog(),
		"Microsoft Entra ID":      EntraID(),
		"Salesforce":              Salesforce(),
		"Slack":                   Slack(),
	}
}

// AWSIdentityCenter changes 100 memberships a request, replaces or removes never
// all of them, and tells no members: not in listings, and not of one group. Lists
// have 100 entries and go on by cursor only, which a client asks for with an empty
// one; startIndex is ignored. Filters are "eq", joined by "and". There is no PUT
// of groups, and users have no groups.
//
// https://docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html,
// patchgroup.html, listgroups.html, listusers.html and supported-apis.html there.
func AWSIdentityCenter() Quirks {
	q := Quirks{}
	q.MemberChanges, q.NoMemberReplace, q.NoGroupPut = 100, true, true
	q.Filter = FilterEq
	q.FilterAttributes = []string{"userName", "displayName", "externalId", "id", "members.value", "members", "groups.value", "manager"}
	q.GroupWithoutMembers, q.UsersWithoutGroups, q.UniqueGroupNames = true, true, true
	q.IgnoreStartIndex, q.Cursor, q.MaxCount = true, CursorOffered, 100
	return q
}

// EntraID pages by the cursors of RFC 9865, and has no PUT. It is Microsoft Entra
// ID as a service provider, not its provisioning service.
//
// https://learn.microsoft.com/entra/identity/app-provisioning/entra-id-scim-api-reference
func EntraID() Quirks {
	q := Quirks{}
	q.NoPut, q.Cursor = true, CursorDefault
	return q
}

// Slack has 10 entries on a page unless asked for up to 1,000, deactivates whom
// one deletes, and refuses bursts of more than 20 writes with 429 and Retry-After.
// Here reads count too, and after a refusal it is patient again.
//
// https://docs.slack.dev/reference/scim-api/rate-limits, and
// https://api.slack.com/changelog/2019-06-have-scim-will-paginate for pages.
func Slack() Quirks {
	q := Quirks{}
	q.DefaultCount, q.MaxCount = 10, 1000
	q.DeleteDeactivates = true
	q.RateLimit = RateLimit{Requests: 20, Refusals: 1, RetryAfter: time.Second}
	return q
}

// GitHubOrganization provisions the members of one organization: there are no
// groups, no filters in the paths of a PATCH, and whoever becomes inactive is gone
// together with the id.
//
// https://docs.github.com/en/enterprise-cloud@latest/rest/scim/scim
func GitHubOrganization() Quirks {
	q := Quirks{}
	q.NoGroups, q.NoValuePaths, q.DeactivationDeletes = true, true, true
	q.Filter = FilterEq
	q.FilterAttributes = []string{"userName", "externalId", "id", "emails"}
	return q
}

// Salesforce removes a member by value only, and wraps the members that it adds.
//
// https://help.salesforce.com/s/articleView?id=xcloud.identity_scim_manage_groups.htm
func Salesforce() Quirks {
	q := Quirks{}
	q.RemoveMembers, q.WrappedMembers = RemoveByValue, true
	return q
}

// Atlassian filters users by userName and externalId only.
//
// https://support.atlassian.com/atlassian-cloud/kb/how-to-filter-users-in-provisioning-scim-using-rest-api
func Atlassian() Quirks {
	q := Quirks{}
	q.Filter = FilterEq
	return q
}

// GitLabGroup knows users only, and finds them by their id only.
//
// https://docs.gitlab.com/development/internal_api/#group-scim-api
func GitLabGroup() Quirks {
	q := Quirks{}
	q.NoGroups, q.Filter, q.FilterAttributes = true, FilterEq, []string{"id"}
	return q
}

// Canva has no DELETE of users: one deactivates them.
//
// https://www.canva.dev/docs/scim/delete-user
func Canva() Quirks {
	q := Quirks{}
	q.NoDelete = http.StatusMethodNotAllowed
	return q
}

// IBMVerify changes 2,500 memberships a request.
//
// https://docs.verify.ibm.com/verify/reference/getcapabilities
func IBMVerify() Quirks {
	q := Quirks{}
	q.MemberChanges = 2500
	return q
}

// JFrog has names for ids; here they have spaces and letters of many scripts.
//
// https://jfrog.com/help/r/jfrog-rest-apis/patch-group
func JFrog() Quirks {
	q := Quirks{}
	q.IDs = func(n int) string { return fmt.Sprintf("Team é-名 %d", n) }
	q.RemoveMembers = RemoveEither
	return q
}

// HCPTerraform has up to 200 entries on a page, and filters by equality of names
// and externalId.
//
// https://developer.hashicorp.com/terraform/cloud-docs/api-docs/scim/groups
func HCPTerraform() Quirks {
	q := Quirks{}
	q.Filter, q.MaxCount, q.DefaultCount = FilterEq, 200, 100
	return q
}
