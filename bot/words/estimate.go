package words

import (
	"fmt"
	"slices"
	"time"
)

func Median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// About says how long something usually takes, rounded so that it does not change with
// every deploy.
func About(t time.Duration) string {
	switch minutes := int(t.Round(time.Minute).Minutes()); {
	case t < time.Minute:
		return "under a minute"
	case minutes < 2:
		return "about a minute"
	case minutes < 10:
		return fmt.Sprintf("about %d minutes", minutes)
	case minutes < 60:
		return fmt.Sprintf("about %d minutes", (minutes+2)/5*5)
	default:
		return fmt.Sprintf("about %d hours", max((minutes+30)/60, 1))
	}
}
