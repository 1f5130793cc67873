package webhooks

import (
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Sampled is the logger for unsigned requests. It writes the first few of a kind each minute and then one of many, so
// that refusals cannot fill a disk. The metrics count all of them.
func Sampled(log *zap.Logger) *zap.Logger {
	const first, thereafter = 10, 1000
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, first, thereafter)
	}))
}
