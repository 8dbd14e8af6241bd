#include "hypergeometric.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "covey/base/check.h"

namespace covey::secagg {
namespace {

constexpr long double kImpossible = -std::numeric_limits<long double>::infinity();
constexpr long double kNegligible = 1e-20L;

// The terms of a hypergeometric distribution fall ever faster away from its mode. Sums, in units of
// the first term, those after it; ratio(i) is the term i+1 over the term i, none above 1.
template <typename Ratio>
long double sum_of_falling_terms(std::int64_t steps, Ratio ratio) {
  long double term = 1;
  long double sum = 0;
  for (std::int64_t i = 0; i < steps && term > kNegligible * (1 + sum); ++i) {
    term *= ratio(i);
    sum += term;
  }
  return sum;
}

}  // namespace

HypergeometricTails::HypergeometricTails(std::uint32_t population)
    : population_(population), log2_factorial_(std::size_t{population} + 1) {
  // Summed with compensation (Kahan): the sums reach 2^20, and an error in them is a relative error
  // of every tail. Not lgamma, which writes a global on some systems.
  long double sum = 0;
  long double lost = 0;
  for (std::size_t i = 2; i < log2_factorial_.size(); ++i) {
    const long double addend = std::log2(static_cast<long double>(i)) - lost;
    const long double next = sum + addend;
    lost = (next - sum) - addend;
    sum = next;
    log2_factorial_[i] = sum;
  }
}

long double HypergeometricTails::log2_choose(std::int64_t n, std::int64_t k) const {
  const auto log2_factorial = [this](std::int64_t i) {
    return log2_factorial_[static_cast<std::size_t>(i)];
  };
  return log2_factorial(n) - log2_factorial(k) - log2_factorial(n - k);
}

long double HypergeometricTails::log2_exactly(std::int64_t marked, std::int64_t draws,
                                              std::int64_t hits) const {
  return log2_choose(marked, hits) + log2_choose(population_ - marked, draws - hits) -
         log2_choose(population_, draws);
}

long double HypergeometricTails::log2_at_least(std::int64_t marked, std::int64_t draws,
                                               std::int64_t least) const {
  // Callers count marked and drawn members of this very population.
  COVEY_CHECK(0 <= marked && marked <= population_ && 0 <= draws && draws <= population_);
  const std::int64_t unmarked = population_ - marked;
  const std::int64_t highest = std::min(marked, draws);
  if (least > highest) return kImpossible;
  if (least <= std::max<std::int64_t>(0, draws - unmarked)) return 0;

  // P[X = i+1] / P[X = i] is up(i) / down(i+1). From the largest term of the tail outwards all
  // terms are positive and falling, so nothing cancels and nothing overflows.
  const auto up = [=](std::int64_t i) {
    return static_cast<long double>((marked - i) * (draws - i));
  };
  const auto down = [=](std::int64_t i) {
    return static_cast<long double>(i * (unmarked - draws + i));
  };
  const std::int64_t mode = (draws + 1) * (marked + 1) / (population_ + 2);
  const std::int64_t first = std::max(least, mode);
  const long double above = sum_of_falling_terms(
      highest - first, [&](std::int64_t i) { return up(first + i) / down(first + i + 1); });
  const long double below = sum_of_falling_terms(
      first - least, [&](std::int64_t i) { return down(first - i) / up(first - i - 1); });
  return std::min(0.0L, log2_exactly(marked, draws, first) + std::log2(1 + above + below));
}

long double log2_disconnected_bound(const HypergeometricTails& tails, std::int64_t devices,
                                    std::int64_t removed, std::int64_t degree) {
  // With s = devices - removed left, the s gaps between them are uniform over the compositions of
  // `removed` into s parts. It takes two gaps of degree/2 or more to cut the ring. By Bonferroni
  // that is at most C(s, 2) times the chance for one pair of gaps, C(removed - degree + s - 1, s -
  // 1) / C(removed + s - 1, s - 1): the chance that `degree` draws among devices - 1 members all
  // fall on the `removed` marked ones. On the complete graph it is 0, since one member stays.
  const std::int64_t left = devices - removed;
  if (left < 2) return kImpossible;
  const long double pairs = static_cast<long double>(left * (left - 1) / 2);
  return std::log2(pairs) + tails.log2_at_least(removed, degree, degree);
}

}  // namespace covey::secagg
