package platform_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/platform"
)

// A rule that no app or no repository can have is refused, with what was probably meant.
func TestRulesThatNothingMatchesAreRefused(t *testing.T) {
	for rule, want := range map[string]string{
		"acme/shop=shop-*,acme/api=api-*":           "separate rules by spaces",
		"acme/shop=shop-*,acme/api":                 "separate rules by spaces",
		"acme/shop=Shop-*":                          "in lowercase",
		"acme/shop=shop_*":                          "3 to 30 lowercase letters",
		"acme/shop=shop.example.com":                "3 to 30 lowercase letters",
		"acme/shop=-*":                              "a letter first",
		"acme/shop=1shop":                           "a letter first",
		"acme/shop=shop-":                           "3 to 30 lowercase letters",
		"acme/shop=shop-{eu,us}":                    "list the apps, separated by commas",
		"acme/shop=shop-" + strings.Repeat("x", 26): "3 to 30 lowercase letters",
		"acme/{shop}=shop-*":                        "a rule for each repository",
		"acme/shop.git=shop-*":                      "without .git",
		"acme/my shop=shop-*":                       `"acme/my" is no rule`,
		"acme/my+shop=shop-*":                       "expected OWNER/REPOSITORY",
		"acme/shop=[":                               "is no pattern",
		"acme/shop=shop-a,":                         "is no pattern",
	} {
		if _, err := platform.ParseAllow(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q should be refused with %q, got %v", rule, want, err)
		}
	}
	for _, rule := range []string{"acme/shop=shop-*", "acme/*=*", "*/*=???", "Acme/Shop_2.x=shop-[a-c]*,shop", "acme/shop=*-prod", "acme/shop=[^0-9]*"} {
		if _, err := platform.ParseAllow(rule); err != nil {
			t.Errorf("%q should be taken, got %v", rule, err)
		}
	}
}
