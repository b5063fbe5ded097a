package mr

import (
	"context"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"time"

	"6.824/mr/tasks"
)

// ServeStatus serves a page on how the job stands (§4.7), at a port of the loopback interface. The function that it returns ends that.
func ServeStatus(port string, c *Coordinator) (stop func(), err error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	s := &http.Server{Handler: c.StatusPage(), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	c.cfg.Log.Info("status page", "at", "http://"+l.Addr().String())
	return func() {
		s.Shutdown(context.Background())
		<-done
	}, nil
}

// StatusPage is the page.
func (c *Coordinator) StatusPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		view := statusView{Job: c.job, Over: c.over, Err: c.err, Stats: c.stats, Workers: c.workers, Now: c.now(), Counters: c.sums}
		c.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		statusPage.Execute(w, view)
	})
}

type statusView struct {
	Job      Job
	Over     bool
	Err      error
	Now      time.Duration
	Stats    tasks.Stats
	Workers  []tasks.WorkerView
	Counters map[string]int64
}

// Silent is how long a worker was not heard of.
func (v statusView) Silent(w tasks.WorkerView) time.Duration {
	return (v.Now - w.Seen).Round(time.Millisecond)
}

var statusPage = template.Must(template.New("status").Parse(`<!doctype html>
<title>MapReduce job {{.Job.ID}}</title><meta http-equiv="refresh" content="2">
<style>body{font:15px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}</style>
<h1>Job {{.Job.ID}} {{.Job.App}}</h1>
<p>{{if .Err}}failed: {{.Err}}{{else if .Over}}over{{else}}running for {{.Now}}{{end}}
<table><tr><th><th>done<th>running<th>all
<tr><td>map<td>{{index .Stats.Done 0}}<td>{{index .Stats.Running 0}}<td>{{index .Stats.Total 0}}
<tr><td>reduce<td>{{index .Stats.Done 1}}<td>{{index .Stats.Running 1}}<td>{{index .Stats.Total 1}}</table>
<p>{{with .Stats}}{{.Attempts}} attempts, {{.Backups}} backups ({{.BackupsWon}} of them were first), {{.Failed}} failed, {{.Expired}} of dead workers, {{.Redone}} map tasks done again{{end}}
<table><tr><th>worker<th>at<th>attempt<th>silent for
{{range .Workers}}<tr><td>{{.Name}}<td>{{if .Busy}}{{.ID}}<td>{{.Attempt}}{{else}}nothing<td>{{end}}<td>{{$.Silent .}}
{{end}}</table>
{{with .Counters}}<table><tr><th>counter<th>sum{{range $name, $n := .}}<tr><td>{{$name}}<td>{{$n}}{{end}}</table>{{end}}
`))
