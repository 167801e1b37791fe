package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Provisioning says when somebody who is invited appears at a service provider.
// +kubebuilder:validation:Enum=OnAccept;Immediately
type Provisioning string

const (
	// ProvisionOnAccept creates the person when they accept.
	ProvisionOnAccept Provisioning = "OnAccept"
	// ProvisionImmediately creates the person at once, inactive, and activates
	// them when they accept.
	ProvisionImmediately Provisioning = "Immediately"
)

// Toggle says whether something is used: as the system says, or in spite of it.
// +kubebuilder:validation:Enum=Auto;Enabled;Disabled
type Toggle string

const (
	// ToggleAuto believes what the system tells.
	ToggleAuto Toggle = "Auto"
	// ToggleEnabled uses it although the system does not offer it.
	ToggleEnabled Toggle = "Enabled"
	// ToggleDisabled does not use it although the system offers it.
	ToggleDisabled Toggle = "Disabled"
)

// SCIMBackend says how to reach a service provider that speaks SCIM 2.0, and
// what goes where there.
type SCIMBackend struct {
	// url is the base of the protocol's endpoints, such as
	// https://example.com/scim/v2; /Users is below it. Requests go to this host
	// and no other. http is allowed for a loopback address only.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (url(self).getScheme() == 'https' || (url(self).getScheme() == 'http' && url(self).getHostname() in ['localhost', '127.0.0.1', '[::1]', '::1']))",message="url must be an absolute https URL, such as https://example.com/scim/v2"
	// +kubebuilder:validation:XValidation:rule="!self.contains('?') && !self.contains('#') && !self.contains('@')",message="url must hold no user, query or fragment; credentials belong in a Secret"
	URL string `json:"url,omitempty"`
	// credentials say as whom requests are made.
	// +required
	Credentials SCIMCredentials `json:"credentials,omitzero"`
	// caBundleRef names a key of a ConfigMap in this namespace that holds the
	// certificates, in PEM, by which the service provider is known. Omitted: those
	// that the operator's system trusts.
	// +optional
	CABundleRef *KeyReference `json:"caBundleRef,omitempty"`
	// provisioning says when somebody who is invited appears at the service
	// provider: OnAccept when they accept, Immediately at once and inactive.
	// +optional
	// +default="OnAccept"
	Provisioning Provisioning `json:"provisioning,omitempty"`
	// requests bound what is asked of the service provider.
	// +optional
	// +default={}
	Requests SCIMRequests `json:"requests,omitzero"`
	// discovery corrects what the service provider tells about itself.
	// +optional
	// +default={}
	Discovery SCIMDiscovery `json:"discovery,omitzero"`
	// mapping says what of a person goes where.
	// +optional
	// +default={}
	Mapping SCIMMapping `json:"mapping,omitzero"`
}

// SCIMCredentials say as whom requests are made. One of bearerTokenRef, oauth
// and basic, or none of them with a client certificate.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="(has(self.bearerTokenRef) ? 1 : 0) + (has(self.oauth) ? 1 : 0) + (has(self.basic) ? 1 : 0) <= 1",message="give one of bearerTokenRef, oauth and basic"
// +kubebuilder:validation:XValidation:rule="has(self.bearerTokenRef) || has(self.oauth) || has(self.basic) || has(self.clientCertificateRef)",message="give one of bearerTokenRef, oauth, basic and clientCertificateRef"
type SCIMCredentials struct {
	// bearerTokenRef names a key of a Secret in this namespace that holds a token.
	// +optional
	BearerTokenRef *KeyReference `json:"bearerTokenRef,omitempty"`
	// oauth gets tokens with the client credentials grant (RFC 6749, section 4.4).
	// +optional
	OAuth *SCIMOAuth `json:"oauth,omitempty"`
	// basic is a user name and a password (RFC 7617).
	// +optional
	Basic *SCIMBasic `json:"basic,omitempty"`
	// clientCertificateRef names a Secret of type kubernetes.io/tls in this
	// namespace whose certificate is shown to the service provider; alone, or
	// beside one of the others.
	// +optional
	ClientCertificateRef *LocalReference `json:"clientCertificateRef,omitempty"`
}

// SCIMOAuth says where tokens come from.
type SCIMOAuth struct {
	// tokenURL is where tokens are asked for, by https. It may be another host
	// than the service provider's.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (url(self).getScheme() == 'https' || (url(self).getScheme() == 'http' && url(self).getHostname() in ['localhost', '127.0.0.1', '[::1]', '::1']))",message="tokenURL must be an absolute https URL"
	TokenURL string `json:"tokenURL,omitempty"`
	// clientID is whom the token is for.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	ClientID string `json:"clientID,omitempty"`
	// clientSecretRef names a key of a Secret in this namespace that holds the
	// client's secret.
	// +required
	ClientSecretRef KeyReference `json:"clientSecretRef,omitzero"`
	// scopes are asked for.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Scopes []string `json:"scopes,omitempty"`
}

// SCIMBasic is a user name and a password.
type SCIMBasic struct {
	// username is shown in the clear to whoever reads this object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^:\\\\x00-\\\\x1f\\\\x7f]+$')",message="username must hold no colon, line breaks or control characters"
	Username string `json:"username,omitempty"`
	// passwordRef names a key of a Secret in this namespace that holds the password.
	// +required
	PasswordRef KeyReference `json:"passwordRef,omitzero"`
}

// SCIMRequests bound what is asked of a service provider.
type SCIMRequests struct {
	// timeout is how long one request may take.
	// +optional
	// +default="30s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('5m')",message="timeout must be between 1s and 5m"
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// perSecond is how many requests are made in a second at most; 0 means as many
	// as the service provider takes: it is listened to when it asks to slow down.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	PerSecond int32 `json:"perSecond,omitempty"`
	// inFlight is how many requests are made at once at most.
	// +optional
	// +default=8
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	InFlight int32 `json:"inFlight,omitempty"`
}

// SCIMDiscovery corrects what a service provider tells about itself; what is
// omitted is believed.
type SCIMDiscovery struct {
	// patch says whether single attributes can be changed; without it whole
	// resources are replaced.
	// +optional
	// +default="Auto"
	Patch Toggle `json:"patch,omitempty"`
	// filter says whether resources can be found by an attribute; without it they
	// are found by listing all.
	// +optional
	// +default="Auto"
	Filter Toggle `json:"filter,omitempty"`
	// bulk says whether several changes can be made with one request.
	// +optional
	// +default="Auto"
	Bulk Toggle `json:"bulk,omitempty"`
	// etag says whether changes name the version that they are made to.
	// +optional
	// +default="Auto"
	ETag Toggle `json:"etag,omitempty"`
	// cursorPaging says whether listings are read by cursor (RFC 9865).
	// +optional
	// +default="Auto"
	CursorPaging Toggle `json:"cursorPaging,omitempty"`
	// deletion says whether resources can be deleted; without it only
	// removalPolicy Disable and Retain can be.
	// +optional
	// +default="Auto"
	Deletion Toggle `json:"deletion,omitempty"`
	// pageSize is how many resources are asked for at once.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	PageSize int32 `json:"pageSize,omitempty"`
	// groupMembersPerRequest is how many members one change of a group adds or
	// removes at most; 100 is what most take.
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	GroupMembersPerRequest int32 `json:"groupMembersPerRequest,omitempty"`
	// usersPath and groupsPath are where the resources are below url.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^(/[A-Za-z0-9._~-]+)+$') && !self.contains('/.')",message="usersPath must be a path such as /Users"
	UsersPath string `json:"usersPath,omitempty"`
	// groupsPath is where groups are below url.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^(/[A-Za-z0-9._~-]+)+$') && !self.contains('/.')",message="groupsPath must be a path such as /Groups"
	GroupsPath string `json:"groupsPath,omitempty"`
}

// SCIMHolder says how a service provider holds units or roles.
// +kubebuilder:validation:Enum=Groups;Attribute;Nothing
type SCIMHolder string

const (
	// HeldInGroups makes a group for each.
	HeldInGroups SCIMHolder = "Groups"
	// HeldInAttribute puts their names into an attribute of the person.
	HeldInAttribute SCIMHolder = "Attribute"
	// HeldNowhere says that the service provider cannot hold them.
	HeldNowhere SCIMHolder = "Nothing"
)

// SCIMMapping says what of a person goes where at a service provider.
type SCIMMapping struct {
	// businessUnits says how they are held. Groups makes a group for each.
	// Attribute puts the name of one unit, of several where the attribute has
	// several values, into an attribute, such as the department.
	// +optional
	// +default={"heldIn": "Groups"}
	BusinessUnits SCIMHolding `json:"businessUnits,omitzero"`
	// roles says how they are held. Groups makes a group for each, and one for each
	// business unit within which a role is granted. Attribute puts their names into
	// an attribute, such as roles; then they hold in the whole organization only.
	// +optional
	// +default={"heldIn": "Groups"}
	Roles SCIMHolding `json:"roles,omitzero"`
	// attributes say which attribute of the service provider holds a field of the
	// User. They are added to the usual ones, and take the place of a usual one
	// for the same field; the documentation has the list.
	// +optional
	// +listType=map
	// +listMapKey=field
	// +kubebuilder:validation:MaxItems=64
	Attributes []SCIMAttribute `json:"attributes,omitempty"`
}

// SCIMHolding says where units or roles are held.
// +kubebuilder:validation:XValidation:rule="(self.heldIn == 'Attribute') == has(self.attribute)",message="attribute is required with heldIn: Attribute, and allowed with nothing else"
type SCIMHolding struct {
	// heldIn is Groups, Attribute, or Nothing: then whoever declares them is told
	// that they are Unsupported.
	// +optional
	// +default="Groups"
	HeldIn SCIMHolder `json:"heldIn,omitempty"`
	// attribute is a path such as roles, or
	// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Attribute string `json:"attribute,omitempty"`
}

// SCIMAttribute says where a field of a User goes.
type SCIMAttribute struct {
	// field is one of displayName, givenName, familyName, title, phone, locale, or
	// attributes.<name> for one of profile.attributes: attributes.license, say.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule="self in ['displayName', 'givenName', 'familyName', 'title', 'phone', 'locale'] || self.matches('^attributes[.].+$')",message="field must be displayName, givenName, familyName, title, phone, locale or attributes.<name>"
	Field string `json:"field,omitempty"`
	// attribute is the path of a simple attribute (RFC 7644, figure 7): title,
	// name.givenName, phoneNumbers[type eq "work"].value, or one of an extension,
	// urn:example:params:2.0:User:badge. Omitted: the field is not kept, and who
	// declares it is told that it is Unsupported.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Attribute string `json:"attribute,omitempty"`
}
