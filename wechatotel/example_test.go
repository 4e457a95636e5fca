package wechatotel_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/wechatotel"
	"github.com/wechatoa/wechat/wechattest"
)

func ExampleClientObserver() {
	ctx := context.Background()
	exporter := tracetest.NewInMemoryExporter() // or one that sends spans to a collector
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter))
	platform := wechattest.NewPlatform() // the fake platform
	defer platform.Close()

	client := platform.Client(wechat.WithObserver(wechatotel.ClientObserver(wechatotel.WithTracerProvider(provider))))
	if _, err := client.ListCallbackIPs(ctx); err != nil {
		log.Fatal(err)
	}
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.SpanKind, span.Name)
	}
	// Output:
	// client POST /cgi-bin/stable_token
	// client GET /cgi-bin/getcallbackip
}
