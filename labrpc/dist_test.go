package labrpc

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

func TestDistText(t *testing.T) {
	for want, d := range map[string]Dist{
		"none":               {},
		"constant(5ms)":      Constant(5 * ms),
		"uniform(1ms, 1.5s)": Uniform(ms, 1500*ms),
		"exponential(10ms)":  Exponential(10 * ms),
		"bimodal(constant(1ms), bimodal(none, exponential(1s), 0.5), 0.01)": Bimodal(Constant(ms), Bimodal(Dist{}, Exponential(time.Second), 0.5), 0.01),
	} {
		require.Equal(t, want, d.String())
		got, err := ParseDist(want)
		require.NoError(t, err)
		require.Equal(t, d, got)
		b, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, `"`+want+`"`, string(b))
		got = Uniform(1, 2)
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, d, got)
	}
	for text, want := range map[string]Dist{"": {}, " 3ms ": Constant(3 * ms), "uniform( 1ms,2ms )": Uniform(ms, 2*ms)} {
		got, err := ParseDist(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, wrong := range []string{
		"uniform", "uniform(1ms)", "uniform(1ms,2ms", "uniform(2ms,1ms)", "uniform(1ms,2ms) x", "constant(-1ms)", "5", "gamma(1ms)",
		"bimodal(1ms, 2ms)", "bimodal(1ms, 2ms, 2)", "bimodal(1ms, 2ms, NaN)", "(", ")",
	} {
		_, err := ParseDist(wrong)
		require.ErrorContains(t, err, "labrpc: distribution", wrong)
	}
}

func TestConditionsJSON(t *testing.T) {
	c := Conditions{DropRequest: 0.5, Delay: Uniform(ms, 2*ms), Cut: true}
	b, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, `{"dropRequest": 0.5, "delay": "uniform(1ms, 2ms)", "cut": true}`, string(b))
	var got Conditions
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, c, got)
}

func TestDistSample(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, x := range []struct {
		d            Dist
		lo, hi, mean time.Duration
	}{
		{Dist{}, 0, 0, 0},
		{Constant(3 * ms), 3 * ms, 3 * ms, 3 * ms},
		{Constant(-3 * ms), 0, 0, 0},
		{Uniform(2*ms, 4*ms), 2 * ms, 4 * ms, 3 * ms},
		{Uniform(4*ms, 2*ms), 4 * ms, 4 * ms, 4 * ms},
		{Exponential(10 * ms), 0, time.Hour, 10 * ms},
		{Bimodal(Constant(ms), Constant(11*ms), 0.3), ms, 11 * ms, 4 * ms},
		{Bimodal(Constant(ms), Constant(11*ms), 0), ms, ms, ms},
		{Bimodal(Constant(ms), Constant(11*ms), 1), 11 * ms, 11 * ms, 11 * ms},
		{Bimodal(Bimodal(Constant(ms), Constant(2*ms), 0.5), Bimodal(Constant(3*ms), Constant(4*ms), 0.5), 0.5), ms, 4 * ms, 2500 * time.Microsecond},
	} {
		sum := time.Duration(0)
		for range 10000 {
			got := x.d.Sample(r.Float64(), r.Float64())
			require.GreaterOrEqual(t, got, x.lo, x.d.String())
			require.LessOrEqual(t, got, x.hi, x.d.String())
			sum += got
		}
		require.InDelta(t, x.mean, sum/10000, float64(x.mean)/20, x.d.String())
	}
	require.Positive(t, Exponential(1<<62).Sample(0, 0.9999999), "no overflow")
}

func TestLn(t *testing.T) {
	for x := 1e-16; x <= 1; x *= 1.01 {
		require.InEpsilon(t, math.Log(x), ln(x), 1e-13, "%v", x)
	}
	require.Zero(t, ln(1))
	require.Equal(t, uint64(0xbfe62e42fefa39ef), math.Float64bits(ln(0.5)))
	require.Equal(t, uint64(0xbff34378fcbda720), math.Float64bits(ln(0.3)))
}

func FuzzParseDist(f *testing.F) {
	f.Add("bimodal(uniform(1ms, 5ms), exponential(1s), 0.01)")
	f.Add("constant(5ms)")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDist(s)
		if err != nil {
			return
		}
		again, err := ParseDist(d.String())
		require.NoError(t, err)
		require.Equal(t, d.String(), again.String())
		require.GreaterOrEqual(t, d.Sample(0.5, 0.5), time.Duration(0))
	})
}
