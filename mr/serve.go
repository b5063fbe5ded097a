package mr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"strings"
	"sync"
	"time"
)

// The handlers of the workers' calls: the Coordinator service of a labrpc server. A reply that is not Known says that the coordinator is going down.

// Ask answers a worker that wants work.
func (c *Coordinator) Ask(args *AskArgs, reply *AskReply) {
	*reply = c.call(event{kind: ask, ask: args}).ask
}

// Beat hears that a worker is alive.
func (c *Coordinator) Beat(args *BeatArgs, reply *BeatReply) {
	*reply = c.call(event{kind: beat, beat: args}).beat
}

// Report hears what came of an attempt.
func (c *Coordinator) Report(args *ReportArgs, reply *ReportReply) {
	*reply = c.call(event{kind: report, report: args}).report
}

// netService is the same service for net/rpc.
type netService struct{ c *Coordinator }

func (s netService) Ask(args *AskArgs, reply *AskReply) error    { s.c.Ask(args, reply); return nil }
func (s netService) Beat(args *BeatArgs, reply *BeatReply) error { s.c.Beat(args, reply); return nil }
func (s netService) Report(args *ReportArgs, reply *ReportReply) error {
	s.c.Report(args, reply)
	return nil
}

// A connection begins with a line of the client's, which the server answers with one of its own: "ok", or why not. So
// a stranger's bytes never come to net/rpc.
var greeting = fmt.Sprintf("6.824 mr %d", Version)

// Time limits of connections.
const (
	greetWithin = 5 * time.Second
	callWithin  = 10 * time.Second
	idleWithin  = 10 * time.Minute // a worker at a long task beats much more often
)

// Server serves a coordinator's workers over a listener.
type Server struct {
	l    net.Listener
	rpc  *rpc.Server
	mu   sync.Mutex
	open map[net.Conn]struct{}
	done bool
	wait sync.WaitGroup
}

// Serve serves workers until Close.
func Serve(l net.Listener, c *Coordinator) *Server {
	s := &Server{l: l, rpc: rpc.NewServer(), open: map[net.Conn]struct{}{}}
	if err := s.rpc.RegisterName("Coordinator", netService{c}); err != nil {
		panic(err) // its methods are those above
	}
	s.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // out of descriptors, say
				time.Sleep(10 * time.Millisecond)
				continue
			}
			s.wait.Go(func() { s.serve(conn) })
		}
	})
	return s
}

// Close stops listening and closes all connections.
func (s *Server) Close() error {
	err := s.l.Close()
	s.mu.Lock()
	s.done = true
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
	return err
}

func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	if s.done {
		s.mu.Unlock()
		return
	}
	s.open[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	}()
	conn.SetDeadline(time.Now().Add(greetWithin))
	line, err := readLine(conn)
	if err != nil {
		return
	}
	if line != greeting {
		fmt.Fprintf(conn, "this is a MapReduce coordinator that speaks %q\n", greeting)
		return
	}
	if _, err := io.WriteString(conn, "ok\n"); err != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	s.rpc.ServeConn(&patient{Conn: conn, within: idleWithin})
}

// readLine reads a short line, and not a byte more.
func readLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) < 200 {
		if _, err := io.ReadFull(r, b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
	return "", bufio.ErrTooLong
}

// patient is a connection whose reads end after a while without a byte.
type patient struct {
	net.Conn
	within time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	p.SetReadDeadline(time.Now().Add(p.within))
	return p.Conn.Read(b)
}

// Client calls a coordinator over a network. It connects anew when it has to.
type Client struct {
	network, addr string

	mu   sync.Mutex
	conn *rpc.Client
}

// NewClient returns a client of the coordinator at an address, which is as in [SplitAddress]. It connects at the first call.
func NewClient(address string) *Client {
	network, addr := SplitAddress(address)
	return &Client{network: network, addr: addr}
}

// SplitAddress takes an address apart: with a slash in it, or without a colon, it is the path of a Unix socket, else host:port.
func SplitAddress(address string) (network, addr string) {
	if strings.Contains(address, "/") || !strings.Contains(address, ":") {
		return "unix", address
	}
	return "tcp", address
}

// Do calls a method. An error of type *[PermanentError] says that there is no use in trying again.
func (c *Client) Do(method string, args, reply any) error {
	conn, err := c.connect()
	if err != nil {
		return err
	}
	call := conn.Go(method, args, reply, make(chan *rpc.Call, 1))
	timer := time.NewTimer(callWithin)
	defer timer.Stop()
	select {
	case <-call.Done:
		err = call.Error
	case <-timer.C:
		c.drop(conn)
		<-call.Done // which writes to reply
		return fmt.Errorf("%s: no answer within %v", method, callWithin)
	}
	if err != nil {
		c.drop(conn)
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

func (c *Client) connect() (*rpc.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return c.conn, nil
	}
	conn, err := net.DialTimeout(c.network, c.addr, greetWithin)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(greetWithin))
	io.WriteString(conn, greeting+"\n")
	line, err := readLine(conn)
	if err == nil && line != "ok" {
		err = &PermanentError{fmt.Sprintf("%s answers %q, this worker speaks %q", c.addr, line, greeting)}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	c.conn = rpc.NewClient(conn)
	return c.conn, nil
}

// drop closes a connection that is of no use any more.
func (c *Client) drop(conn *rpc.Client) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
}

// Close closes the connection.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	return conn.Close()
}
