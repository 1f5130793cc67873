package config_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

func TestParseAll(t *testing.T) {
	all, err := config.ParseAll(files(t, "good")["several"], config.Path)
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(all)); !slices.Equal(names, []string{"api", "web"}) {
		t.Fatalf("expected the pipelines api and web, got %v", names)
	}
	web, api := all["web"], all["api"]
	if want := []string{"services/web/**", "lib/**"}; !slices.Equal(web.Paths, want) {
		t.Errorf("the pipeline web is about %v, got %v", want, web.Paths)
	}
	if api.Paths != nil || api.Branch != "main" || api.Platform != bot.PlatformLocal || web.Branch != "" || web.Platform != bot.PlatformHeroku {
		t.Errorf("each pipeline has keys and defaults of its own, got %+v and %+v", web, api)
	}
	if !slices.Equal(web.StageNames(), []string{"staging", "production"}) || !slices.Equal(api.StageNames(), []string{"production"}) {
		t.Errorf("each pipeline has stages of its own, got %v and %v", web.StageNames(), api.StageNames())
	}

	one, err := config.ParseAll(files(t, "good")["short"], config.Path)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(files(t, "good")["short"], config.Path)
	if want := map[string]bot.Config{"": cfg}; err != nil || !reflect.DeepEqual(one, want) {
		t.Errorf("the pipeline of a file with one has no name:\ngot  %+v, %v\nwant %+v", one, err, want)
	}
}

// Which needs are the file's own is known only with its repository.
func TestNeedsOfTheSameRepository(t *testing.T) {
	one := func(needs string) string {
		return "stages:\n- {name: staging, app: shop-staging}\n- name: production\n  app: shop\n  needs: [" + needs + "]\n- {name: last, app: shop-last}\n"
	}
	two := func(web, api string) string {
		return "pipelines:\n  web:\n    stages:\n    - {name: staging, app: web-staging}\n    - name: production\n      app: web\n      needs: [" + web + "]\n" +
			"  api:\n    stages:\n    - name: staging\n      app: api-staging\n      needs: [" + api + "]\n    - {name: production, app: api}\n"
	}
	const elsewhere = "acme/other:production"
	tests := []struct{ name, file, want string }{
		{"elsewhere", one(elsewhere), ""},
		{"a repository of the same name", one("other/shop:production"), ""},
		{"itself", one("acme/shop:production"), "f:5:11: the stage production would wait for itself; remove it"},
		{"itself in capitals", one("Acme/Shop:production"), "f:5:11: the stage production would wait for itself; remove it"},
		{"the stage before", one("acme/shop:staging"), "f:5:11: staging goes before production anyway: the stages of one pipeline go in order; remove it"},
		{"the stage after", one("acme/shop:last"), "f:5:11: the stage production would wait for itself: production → last → production; remove one of these needs"},
		{"no such stage", one("acme/shop:prod"), `f:5:11: this pipeline has no stage "prod"; did you mean "production"?`},
		{"a pipeline where there is one", one("acme/shop:web:production"), "f:5:11: this file has one pipeline, which has no name, expected acme/shop:STAGE"},
		{"another pipeline", two("acme/shop:api:production", elsewhere), ""},
		{"the same stage of another pipeline", two("acme/shop:api:production", "acme/shop:web:staging"), ""},
		{
			"one another", two("acme/shop:api:production", "acme/shop:web:production"),
			"f:12:15: the stage api:staging would wait for itself: api:staging → web:production → api:production → api:staging; remove one of these needs",
		},
		{
			"a long way round", "stages:\n- name: s0\n  app: app-0\n  needs: [acme/shop:s9]\n" + func() (more string) {
				for i := range 10 {
					more += fmt.Sprintf("- {name: s%d, app: app-%d}\n", i+1, i+1)
				}
				return more
			}(),
			"f:4:11: the stage s0 would wait for itself: s0 → s9 → s8 → s7 → … → s1 → s0; remove one of these needs",
		},
		{"several pipelines and none is named", two("acme/shop:production", elsewhere), "f:7:15: this file has several pipelines, expected acme/shop:PIPELINE:production; its pipelines are api and web"},
		{"no such pipeline", two("acme/shop:apis:production", elsewhere), `f:7:15: this file has no pipeline "apis"; did you mean "api"?`},
		{"no such stage of a pipeline", two("acme/shop:api:live", elsewhere), `f:7:15: the pipeline api has no stage "live"; its stages are production and staging`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := config.ParseAll([]byte(tt.file), "f"); err != nil {
				t.Errorf("refused without its repository being known: %v", err)
			}
			_, err := config.ParseOf(bot.Repo{Owner: "acme", Name: "shop"}, []byte(tt.file), "f")
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("the answer is another:\ngot:  %s\nwant: %s", got, tt.want)
			}
		})
	}
}
