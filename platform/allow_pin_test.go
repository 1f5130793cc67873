package platform_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

func TestAllowPinsARepository(t *testing.T) {
	a, err := platform.ParseAllow("acme/shop#12=shop-* acme/Shop#12=extra acme/*=any umbrella/store#12=shop-*")
	if err != nil {
		t.Fatal(err)
	}
	shop, store := bot.Repo{Owner: "Acme", Name: "shop"}, bot.Repo{Owner: "umbrella", Name: "store"}
	if a.Pinned(shop) != 12 || a.Pinned(store) != 12 || a.Pinned(bot.Repo{Owner: "acme", Name: "other"}) != 0 {
		t.Errorf("acme/shop and umbrella/store are pinned to 12, got %d and %d", a.Pinned(shop), a.Pinned(store))
	}
	if err := a.Check(shop, "shop-web", "extra", "any"); err != nil {
		t.Errorf("a pinned rule allows its apps, got %v", err)
	}
	if pins := a.Pins(); len(pins) != 3 {
		t.Errorf("12 is pinned to three spellings, got %v", pins)
	}
	// What rests without a name may use nothing, whatever a wildcard covers.
	all, err := platform.ParseAllow("*/*=*")
	if err != nil || all.Names(bot.Nameless(12)) || all.Check(bot.Nameless(12), "shop") == nil || !all.Names(shop) {
		t.Errorf("a repository without a name should be allowed nothing: %v", err)
	}
	for text, want := range map[string]string{
		"acme/shop#x=a":                   `"x" in the rule "acme/shop#x=a" is no repository's number`,
		"acme/shop#=a":                    "is no repository's number",
		"acme/shop#0=a":                   "is no repository's number",
		"acme/shop#-4=a":                  "is no repository's number",
		"acme/*#4=a":                      "a number and a wildcard",
		"acme/shop#4=abc Acme/Shop#5=abc": "Acme/Shop is pinned to two repositories, 4 and 5",
		"acme#4=a":                        "is no rule",
		"acme/shop#99999999999999999999=": "is no rule",
	} {
		if _, err := platform.ParseAllow(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q should be refused with %q, got %v", text, want, err)
		}
	}
}
