#include "covey/base/result.h"

#include <memory>

#include "support/catch.h"

namespace covey {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_argument("odd");
  return number / 2;
}

Result<int> quarter(int number) {
  COVEY_ASSIGN_OR_RETURN(const int first, half(number));
  COVEY_ASSIGN_OR_RETURN(const int second, half(first));
  return second;
}

Status must_be_even(int number) {
  COVEY_RETURN_IF_ERROR(half(number));
  return {};
}

TEST_CASE("a result holds its value", "[base]") {
  const Result<int> result = half(8);
  REQUIRE(result.has_value());
  CHECK(static_cast<bool>(result));
  CHECK(*result == 4);
  CHECK(result.value() == 4);
}

TEST_CASE("a result holds its error", "[base]") {
  const Result<int> result = half(7);
  REQUIRE_FALSE(result.has_value());
  CHECK_FALSE(static_cast<bool>(result));
  CHECK(result.error().code == ErrorCode::kInvalidArgument);
  CHECK(result.error().to_string() == "INVALID_ARGUMENT: odd");
}

TEST_CASE("an error is handed on from wherever it arises", "[base]") {
  CHECK(quarter(12).value() == 3);
  CHECK_FALSE(quarter(3).has_value());
  CHECK_FALSE(quarter(6).has_value());
  CHECK(must_be_even(2).has_value());
  CHECK(must_be_even(1).error().message == "odd");
}

TEST_CASE("a value that only moves can be taken out", "[base]") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  CHECK(**result == 5);
  const std::unique_ptr<int> taken = std::move(result).value();
  CHECK(*taken == 5);
}

TEST_CASE("a value can be changed in place", "[base]") {
  Result<std::string> result = std::string("a");
  result->push_back('b');
  *result += 'c';
  CHECK(result.value() == "abc");
}

TEST_CASE("a status is ok until it is given an error", "[base]") {
  CHECK(Status().has_value());
  const Status failed = Error{ErrorCode::kAborted, "ended"};
  CHECK_FALSE(failed.has_value());
  CHECK(failed.error().to_string() == "ABORTED: ended");
}

TEST_CASE("error codes have the numbers and names of google.rpc.Code", "[base]") {
  CHECK(static_cast<int>(ErrorCode::kInvalidArgument) == 3);
  CHECK(static_cast<int>(ErrorCode::kDataLoss) == 15);
  CHECK(static_cast<int>(ErrorCode::kUnauthenticated) == 16);
  CHECK(name_of(ErrorCode::kCancelled) == "CANCELLED");
  CHECK(name_of(ErrorCode::kFailedPrecondition) == "FAILED_PRECONDITION");
  CHECK(name_of(ErrorCode::kUnauthenticated) == "UNAUTHENTICATED");
}

}  // namespace
}  // namespace covey
