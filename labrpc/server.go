package labrpc

import (
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// A Server is a collection of services, all behind one name of a network.
type Server struct {
	count   atomic.Int64
	mu      sync.Mutex
	methods atomic.Pointer[map[string]*method] // by "Service.Method"; replaced, never changed
}

// MakeServer returns a server without services.
func MakeServer() *Server { return new(Server) }

// table returns the methods of all services.
func (s *Server) table() map[string]*method {
	if t := s.methods.Load(); t != nil {
		return *t
	}
	return nil
}

// AddService adds a service, and replaces one of the same name.
func (s *Server) AddService(svc *Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]*method{}
	maps.Copy(all, s.table())
	maps.DeleteFunc(all, func(name string, _ *method) bool { return serviceOf(name) == svc.name })
	all[svc.name+"."] = nil // says that there is such a service, if it has no methods
	for name, m := range svc.methods {
		all[svc.name+"."+name] = m
	}
	s.methods.Store(&all)
}

// GetCount returns how many requests the server has been given.
func (s *Server) GetCount() int { return int(s.count.Load()) }

// A Service is a value whose methods can be called over the network.
type Service struct {
	name    string
	methods map[string]*method
}

type method struct {
	function reflect.Value // with the receiver
	args     reflect.Type
	reply    reflect.Type // what the pointer points to
	wire     *wire        // of the reply
	err      error        // why the reply can't be sent
}

// MakeService returns the service that rcvr is. Its name is the name of rcvr's type, without the star. Its methods are the exported ones
// of the form func(args T, reply *R) without a result; others are ignored. They can be called by many goroutines at a time.
func MakeService(rcvr any) *Service {
	svc := &Service{methods: map[string]*method{}}
	v := reflect.ValueOf(rcvr)
	if !v.IsValid() {
		return svc
	}
	t := v.Type()
	svc.name = t.Name()
	if t.Kind() == reflect.Pointer {
		svc.name = t.Elem().Name()
	}
	for i := range t.NumMethod() {
		f := v.Method(i)
		if ft := f.Type(); ft.NumIn() == 2 && ft.NumOut() == 0 && ft.In(1).Kind() == reflect.Pointer {
			m := &method{function: f, args: ft.In(0), reply: ft.In(1).Elem()}
			m.wire, m.err = wireFor(m.reply)
			svc.methods[t.Method(i).Name] = m
		}
	}
	return svc
}

func serviceOf(svcMeth string) string { return svcMeth[:max(strings.LastIndexByte(svcMeth, '.'), 0)] }

// find returns the method of that name, or says what is missing.
func (s *Server) find(svcMeth string) (*method, error) {
	all := s.table()
	if m := all[svcMeth]; m != nil {
		return m, nil
	}
	service := serviceOf(svcMeth)
	if _, ok := all[service+"."]; ok {
		return nil, fmt.Errorf("%w: %s has none called %q that is func(args T, reply *R)", ErrNoMethod, service, svcMeth[min(len(service)+1, len(svcMeth)):])
	}
	return nil, fmt.Errorf("%w: %q", ErrNoService, service)
}

// serve runs the handler for a request, and sends its reply.
func (n *Network) serve(m *message, s *Server) {
	r := &m.call.answer
	if m.copy > 0 {
		r = new(message)
	}
	*r = message{call: m.call, reply: true, copy: m.copy}
	back := false
	defer func() {
		if !back { // a panic, or runtime.Goexit
			cause := recover()
			if cause == nil {
				cause = "the handler ended its goroutine"
			}
			r.err = fmt.Errorf("%w: %v", ErrPanic, cause)
			n.complain(fmt.Errorf("labrpc: %s at %s: %w", m.call.method, m.call.route.link.to, r.err), "stack", string(debug.Stack()))
		}
		n.respond(r)
	}()
	n.handle(m, r, s)
	back = true
}

// handle fills in the reply r to m.
func (n *Network) handle(m, r *message, s *Server) {
	s.count.Add(1)
	meth, err := s.find(m.call.method)
	if err == nil {
		err = meth.err
	}
	if err != nil {
		r.err = err
		return
	}
	args, err := meth.decode(m)
	if err != nil {
		r.err = fmt.Errorf("arguments: %w", err)
		return
	}
	reply := reflect.New(meth.reply)
	meth.function.Call([]reflect.Value{args, reply})
	r.wire = meth.wire
	if r.payload, err = r.wire.encode(nil, reply.Interface()); err != nil {
		r.err = fmt.Errorf("reply: %w", err)
		return
	}
	if n.policy.Load().observer != nil {
		r.sum = r.wire.codec.Sum(r.payload)
	}
}

// decode returns the arguments in a request.
func (meth *method) decode(m *message) (reflect.Value, error) {
	t := meth.args
	if t.Kind() == reflect.Interface { // takes what the caller has given, if it can
		if t = m.wire.typ; m.wire.pointer || !t.AssignableTo(meth.args) {
			t = reflect.PointerTo(t)
		}
		if !t.AssignableTo(meth.args) {
			return reflect.Value{}, fmt.Errorf("%w: a %v is no %v", ErrBadType, m.wire.typ, meth.args)
		}
	}
	if t.Kind() == reflect.Pointer {
		p := reflect.New(t.Elem())
		return p, m.wire.decode(m.payload, p.Interface())
	}
	p := reflect.New(t)
	return p.Elem(), m.wire.decode(m.payload, p.Interface())
}
