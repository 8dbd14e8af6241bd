#include "client/grpc/reply_wire.h"

#include "covey/crypto/digest.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::client::reply_wire;

namespace {

const std::string kDigestBytes(32, 'd');

v1::CheckInReply good_assignment() {
  v1::CheckInReply reply;
  auto& assignment = *reply.mutable_assignment();
  assignment.mutable_round()->set_task("digits");
  assignment.mutable_round()->set_round(1);
  for (auto* blob : {assignment.mutable_plan(), assignment.mutable_model()}) {
    blob->set_digest(kDigestBytes);
    blob->set_size_bytes(1);
  }
  return reply;
}

template <typename Change>
ErrorCode refused(const Change& change) {
  v1::CheckInReply reply = good_assignment();
  change(*reply.mutable_assignment());
  return from_wire(reply, "digits").error().code;
}

TEST_CASE("an assignment with anything wrong in it is not used", "[grpc]") {
  CHECK(from_wire(good_assignment(), "digits").has_value());
  CHECK(from_wire(good_assignment(), "").has_value());
  CHECK(from_wire(good_assignment(), "other").error().code == ErrorCode::kDataLoss);
  CHECK(from_wire(v1::CheckInReply(), "").error().code == ErrorCode::kDataLoss);
  const ErrorCode kRefused = ErrorCode::kDataLoss;
  CHECK(refused([](auto& a) { a.mutable_round()->set_task(""); }) == kRefused);
  CHECK(refused([](auto& a) { a.mutable_round()->set_task("other"); }) == kRefused);
  CHECK(refused([](auto& a) { a.mutable_round()->set_round(0); }) == kRefused);
  CHECK(refused([](auto& a) { a.clear_plan(); }) == kRefused);
  CHECK(refused([](auto& a) { a.clear_model(); }) == kRefused);
  CHECK(refused([](auto& a) { a.mutable_model()->set_digest(std::string(31, 'd')); }) == kRefused);
  CHECK(refused([](auto& a) { a.mutable_plan()->set_digest(std::string(33, 'd')); }) == kRefused);
  CHECK(refused([](auto& a) { a.mutable_model()->set_size_bytes(0); }) == kRefused);
  v1::CheckInReply named = good_assignment();
  named.mutable_assignment()->mutable_round()->set_task("two\nlines");
  CHECK(from_wire(named, "").error().code == kRefused);
}

TEST_CASE("nobody is sent away for good", "[grpc]") {
  v1::CheckInReply reply;
  reply.mutable_come_back()->set_milliseconds(~std::uint64_t{0});
  const auto come_back = std::get<federation::ComeBack>(from_wire(reply, "").value());
  CHECK(come_back.in == std::chrono::days(7));
}

TEST_CASE("the end of a round is read strictly", "[grpc]") {
  v1::JoinReply reply;
  auto& over = *reply.mutable_round_over();
  CHECK(from_wire(reply).has_value());
  over.set_model("short");
  CHECK(from_wire(reply).error().code == ErrorCode::kDataLoss);
  over.set_model(kDigestBytes);
  over.set_reason("esc\x1b[31m");
  CHECK(from_wire(reply).error().code == ErrorCode::kDataLoss);
  over.set_reason(std::string(129, 'x'));
  CHECK(from_wire(reply).error().code == ErrorCode::kDataLoss);
  CHECK(from_wire(v1::JoinReply()).error().code == ErrorCode::kDataLoss);
  CHECK(from_wire(v1::SendReply()).error().code == ErrorCode::kDataLoss);
}

TEST_CASE("a part that is not what its digest says is not used", "[grpc]") {
  v1::BlobPart part;
  const auto with = [&](std::string data) {
    part.set_digest(std::string(text_of(crypto::sha256(view_of(data)))));
    part.set_data(std::move(data));
    return check_part(part).has_value();
  };
  CHECK(with("x"));
  CHECK(with(std::string(federation::kPartBytes, 'x')));
  CHECK_FALSE(with(""));
  CHECK_FALSE(with(std::string(federation::kPartBytes + 1, 'x')));
  REQUIRE(with("xyz"));
  part.mutable_data()->front() ^= 1;
  CHECK(check_part(part).error().code == ErrorCode::kDataLoss);
  REQUIRE(with("xyz"));
  part.mutable_digest()->pop_back();
  CHECK_FALSE(check_part(part).has_value());
}

v1::ReceivePart part_of(std::string data, std::uint64_t size_bytes, std::uint64_t epoch = 1) {
  v1::ReceivePart part;
  part.mutable_part()->set_epoch(epoch);
  part.mutable_part()->set_size_bytes(size_bytes);
  part.mutable_part()->set_data(std::move(data));
  return part;
}

v1::ReceivePart come_back_part() {
  v1::ReceivePart part;
  part.mutable_come_back()->set_milliseconds(1);
  return part;
}

// The parts go in one by one, until one is refused.
Status put_together(const std::vector<v1::ReceivePart>& parts, std::size_t max_bytes = 100) {
  ReceivedReply reply(max_bytes);
  for (const v1::ReceivePart& part : parts) COVEY_RETURN_IF_ERROR(reply.add(part));
  COVEY_RETURN_IF_ERROR(reply.finish());
  return {};
}

TEST_CASE("parts make a message only when they fit together", "[grpc]") {
  CHECK(put_together({part_of("abc", 3)}).has_value());
  CHECK(put_together({part_of("a", 3), part_of("bc", 3)}).has_value());
  CHECK(put_together({come_back_part()}).has_value());
  const std::vector<std::vector<v1::ReceivePart>> broken{
      {},
      {v1::ReceivePart()},
      {part_of("ab", 3)},
      {part_of("abcd", 3)},
      {part_of("ab", 3), part_of("bc", 3)},
      {part_of("abc", 3), part_of("", 3)},
      {part_of("", 3), part_of("abc", 3)},
      {part_of("a", 3), part_of("bc", 4)},
      {part_of("a", 3), part_of("bc", 3, 2)},
      {part_of("abc", 3), come_back_part()},
      {come_back_part(), part_of("abc", 3)},
      {come_back_part(), come_back_part()},
      {part_of("a", 0)},
      {part_of("a", 101)},
      {part_of("a", ~std::uint64_t{0})},
  };
  for (const auto& parts : broken) {
    CHECK(put_together(parts).error().code == ErrorCode::kDataLoss);
  }
  const std::string large(federation::kPartBytes + 1, 'x');
  CHECK_FALSE(put_together({part_of(large, large.size())}, large.size()).has_value());
}

}  // namespace
