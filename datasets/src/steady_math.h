#pragma once

namespace covey::datasets {

// What libm computes too, but with a last bit that differs between its versions and machines. These
// are made of additions, products and quotients alone, which IEEE 754 rounds in one way, and are
// within some 1e-14 of the value. Compiled with -ffp-contract=off.
double steady_log(double x);                     // of a normal number above 0
double steady_exp(double x);                     // 0 below -700; x is at most 700
double steady_power(double x, double exponent);  // of x above 0

}  // namespace covey::datasets
