package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// serveSample is the web process of the tests' app. It answers / with the commit
// that it was built from, and has a path for every trouble that the platform
// should deal with.
func serveSample() {
	if os.Getenv("REFUSE") != "" {
		fmt.Println("no database")
		os.Exit(7)
	}
	revision, err := os.ReadFile("bin/revision")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if os.Getenv("SICK") != "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(revision)
	})
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(revision)
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("GET /exit", func(http.ResponseWriter, *http.Request) { os.Exit(9) })
	mux.HandleFunc("GET /pid", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, os.Getpid()) })
	mux.HandleFunc("GET /environ", func(w http.ResponseWriter, r *http.Request) {
		for _, kv := range os.Environ() {
			fmt.Fprintln(w, kv)
		}
	})
	mux.HandleFunc("GET /headers", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Host:", r.Host)
		_ = r.Header.Write(w)
	})
	// Begins an answer, and ends it when the file that it names appears.
	mux.HandleFunc("GET /until", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("begin "))
		_ = http.NewResponseController(w).Flush()
		for {
			if _, err := os.Stat(r.FormValue("file")); err == nil {
				_, _ = w.Write(revision)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		echo(rw)
	})

	port := os.Getenv("PORT")
	if own := os.Getenv("OWN_PORT"); own != "" {
		port = own
	}
	server := &http.Server{Addr: net.JoinHostPort("127.0.0.1", port), Handler: mux}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	go func() {
		<-ctx.Done()
		os.Exit(0) // at once: what is in flight is the platform's care
	}()
	fmt.Println("listening")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Println(err)
		os.Exit(1)
	}
}

func echo(rw *bufio.ReadWriter) {
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = rw.WriteString("echo " + line)
		_ = rw.Flush()
	}
}
