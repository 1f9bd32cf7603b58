// Package fit owns the polynomials that the kernels of package vec are made of, whatever the CPU. They were fitted to the functions
// on Chebyshev nodes; coefficients ascend.
package fit

// Ln2High and Ln2Low add up to ln(2); the first has few bits, so that products of it with small whole numbers are exact.
const (
	Ln2High = 0.693359375
	Ln2Low  = -2.12194440e-4
)

var (
	// Exp is (exp(r) - 1 - r) / r^2 for |r| at most ln(2)/2.
	Exp = []float64{0.5, 0.16666576266288757, 0.04166646674275398, 0.008363175205886364, 0.0013933642767369747}
	// Log is (log(1+f) - f + f^2/2) / f^3 for 1+f between sqrt(1/2) and sqrt(2).
	Log = []float64{
		0.333333283662796, -0.25000298023223877, 0.20001469552516937, -0.16642248630523682, 0.14202159643173218,
		-0.12972217798233032, 0.12712393701076508, -0.08101723343133926,
	}
	// Tanh is (tanh(x)/x - 1) / x^2 of x^2, for |x| below 0.625.
	Tanh = []float64{
		-0.3333333432674408, 0.13333304226398468, -0.05395940691232681, 0.021769961342215538,
		-0.008346980437636375, 0.0022958412300795317,
	}
	// ErfFar is -log(1 - erf(x)) / x for x up to 4.
	ErfFar = []float64{
		1.1286550760269165, 0.6350560784339905, 0.10649796575307846, -0.02406359277665615,
		0.0038143391720950603, -0.00037056973087601364, 1.6396674254792742e-05,
	}
	// ErfNear is erf(x) / x of x^2, for |x| below 0.92.
	ErfNear = []float64{
		1.128379225730896, -0.37612634897232056, 0.11283692717552185, -0.026859210804104805,
		0.005200501531362534, -0.000813607475720346, 8.339971827808768e-05,
	}
)
