package casdoor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// secrets of one Casdoor, made for it.
type secrets struct {
	// Token is the bearer token of the user "provisioning".
	Token string
	// ClientSecret is of the application that fetches tokens.
	ClientSecret string
	// Password is of all users that are there at the start, in place of "123",
	// which is the password of the administrator that Casdoor ships.
	Password string
}

// appConf turns off what Casdoor would do beyond serving: LDAP and RADIUS
// servers, a proxy, and pictures from elsewhere.
const appConf = `appname = casdoor
httpport = %s
runmode = prod
copyrequestbody = true
driverName = sqlite
dataSourceName = file:casdoor.db?cache=shared
dbName = casdoor
tableNamePrefix =
socks5Proxy =
ldapServerPort =
ldapsServerPort =
radiusServerPort =
staticBaseUrl = http://127.0.0.1
enableGzip = false
isDemoMode = false
initDataNewOnly = false
initDataFile = ./init_data.json
logConfig = {"adapter":"file","filename":"logs/casdoor.log"}
`

// lsof is what Casdoor asks who holds its port, before it kills that process:
// nobody does.
const lsof = "#!/bin/sh\nexit 1\n"

// configure writes all that Casdoor reads at its start.
func configure(dir string, s secrets) error {
	data, err := json.Marshal(initData(s))
	if err != nil {
		return err
	}
	// Casdoor itself would make it without the right to enter it, so that nobody but
	// root could remove it.
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o700); err != nil {
		return err
	}
	files := []struct {
		name    string
		content []byte
		mode    os.FileMode
	}{
		{filepath.Join("conf", "app.conf"), fmt.Appendf(nil, appConf, port), 0o600},
		{"init_data.json", data, 0o600},
		{filepath.Join("path", "lsof"), []byte(lsof), 0o700},
	}
	for _, file := range files {
		path := filepath.Join(dir, file.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.content, file.mode); err != nil {
			return err
		}
	}
	return nil
}

// initData is applied before Casdoor listens, so that its own administrator
// never has the password that it ships.
//
// A token of the grant client_credentials belongs to a user of the application's
// organization with the application's name, whether or not there is one; the
// user "provisioning" is there so that such tokens work.
func initData(s secrets) map[string]any {
	user := func(owner, name string) map[string]any {
		return map[string]any{
			"owner": owner, "name": name, "displayName": name, "password": s.Password, "type": "normal-user",
			"isAdmin": true, "address": []string{}, "properties": map[string]string{},
		}
	}
	return map[string]any{
		"organizations": []map[string]any{{
			"owner": "admin", "name": Organization, "displayName": Organization, "passwordType": "bcrypt",
			"passwordOptions": []string{"AtLeast6"}, "countryCodes": []string{"US"}, "languages": []string{"en"},
			"accountItems": []string{},
		}},
		"applications": []map[string]any{{
			"owner": "admin", "name": "provisioning", "displayName": "Provisioning", "organization": Organization,
			"cert": "cert-built-in", "clientId": ClientID, "clientSecret": s.ClientSecret, "enablePassword": true,
			"grantTypes": []string{"client_credentials"}, "tokenFormat": "JWT", "expireInHours": 1,
			"signinMethods": []string{}, "signupItems": []string{}, "redirectUris": []string{}, "providers": []string{},
		}},
		"users": []map[string]any{user("built-in", "admin"), user(Organization, "provisioning")},
		"tokens": []map[string]any{{
			"owner": "admin", "name": "provisioning", "application": "provisioning", "organization": Organization,
			"user": "provisioning", "accessToken": s.Token, "expiresIn": 10 * 365 * 24 * 3600, "tokenType": "Bearer",
		}},
	}
}
