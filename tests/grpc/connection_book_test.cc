#include "coordinator/grpc/connection_book.h"

#include "coordinator/grpc/listening_socket.h"
#include "support/catch.h"

using namespace covey;
using coordinator::ConnectionBook;
using coordinator::PeerAddress;
using std::chrono::milliseconds;
using Reason = ConnectionBook::Reason;

namespace {

constexpr ConnectionBook::Limits kLimits{.connections = 5,
                                         .strangers = 3,
                                         .per_device = 2,
                                         .first_call = milliseconds(100),
                                         .idle_bytes = 1000,
                                         .kept_out = milliseconds(100)};

PeerAddress from(int port) { return {.host = {}, .port = static_cast<std::uint16_t>(port)}; }
ConnectionBook::Time at(int ms) { return ConnectionBook::Time(milliseconds(ms)); }

struct Book : ConnectionBook {
  Book() : ConnectionBook(kLimits) {}
  // Connection n comes from port n.
  std::optional<Cut> comes(int id, int ms) { return add(static_cast<Id>(id), from(id), at(ms)); }
  std::optional<Cut> calls(int id, const std::string& device, int ms) {
    return called(from(id), device, at(ms));
  }
};

TEST_CASE("among too many strangers the one who has been there longest goes", "[grpc][door]") {
  Book book;
  for (const int id : {1, 2, 3}) CHECK_FALSE(book.comes(id, id));
  CHECK_FALSE(book.calls(1, "device-1", 4));
  CHECK_FALSE(book.comes(4, 5));
  const auto cut = book.comes(5, 6);
  REQUIRE(cut);
  CHECK(cut->id == 2);
  CHECK(cut->reason == Reason::kTooManyStrangers);
  CHECK(cut->device.empty());
  CHECK(book.strangers() == 3);
  CHECK(book.size() == 4);
}

TEST_CASE("when all is full a stranger goes, and without one whose last call is longest ago",
          "[grpc][door]") {
  Book book;
  for (const int id : {1, 2, 3, 4}) {
    CHECK_FALSE(book.comes(id, id));
    CHECK_FALSE(book.calls(id, "device-" + std::to_string(id), 10 + id));
  }
  CHECK_FALSE(book.calls(1, "device-1", 20));
  CHECK_FALSE(book.comes(5, 21));
  auto cut = book.comes(6, 22);
  REQUIRE(cut);
  CHECK(cut->id == 5);
  CHECK(cut->reason == Reason::kTooMany);
  CHECK_FALSE(book.calls(6, "device-6", 23));
  cut = book.comes(7, 24);
  REQUIRE(cut);
  CHECK(cut->id == 2);
  CHECK(cut->device == "device-2");
  CHECK(book.size() == kLimits.connections);
}

TEST_CASE("a device with too many connections loses the one that it used least lately",
          "[grpc][door]") {
  Book book;
  for (const int id : {1, 2, 3}) CHECK_FALSE(book.comes(id, id));
  CHECK_FALSE(book.calls(1, "device-1", 11));
  CHECK_FALSE(book.calls(2, "device-1", 12));
  CHECK_FALSE(book.calls(1, "device-1", 13));
  const auto cut = book.calls(3, "device-1", 14);
  REQUIRE(cut);
  CHECK(cut->id == 2);
  CHECK(cut->reason == Reason::kTooManyOfOneDevice);
  CHECK(cut->device == "device-1");
  CHECK_FALSE(book.calls(2, "device-1", 15));  // is forgotten
  CHECK(book.size() == 2);
}

TEST_CASE("a connection without a whole call is overdue, one that had any is not", "[grpc][door]") {
  Book book;
  for (const int id : {1, 2, 3}) CHECK_FALSE(book.comes(id, 10 * id));
  CHECK_FALSE(book.calls(1, "device-1", 40));
  CHECK(book.overdue(at(119)).empty());
  const auto cuts = book.overdue(at(125));
  REQUIRE(cuts.size() == 1);
  CHECK(cuts[0].id == 2);
  CHECK(cuts[0].reason == Reason::kNoCall);
  CHECK(book.overdue(at(100'000)).size() == 1);
  CHECK(book.size() == 1);
}

TEST_CASE("a connection on which much comes but no call gets whole has to go", "[grpc][door]") {
  Book book;
  for (const int id : {1, 2, 3}) CHECK_FALSE(book.comes(id, id));
  CHECK_FALSE(book.measured(1, {1000, 0}, at(20)));
  const auto stranger = book.measured(1, {1001, 0}, at(20));
  REQUIRE(stranger);
  CHECK(stranger->reason == Reason::kNothingButBytes);
  CHECK_FALSE(book.measured(1, {9999, 0}, at(20)));  // it is forgotten
  CHECK_FALSE(book.calls(2, "device-2", 10));
  CHECK_FALSE(
      book.measured(2, {5000, 0}, at(20)));  // all of it before the call, as far as one can see
  CHECK_FALSE(book.measured(2, {6000, 0}, at(20)));
  CHECK_FALSE(book.calls(2, "device-2", 11));
  CHECK_FALSE(book.measured(2, {7000, 0}, at(20)));
  CHECK_FALSE(book.measured(2, {9000, 16'000}, at(20)));  // a download's
  const auto known = book.measured(2, {9001, 16'000}, at(20));
  REQUIRE(known);
  CHECK(known->device == "device-2");
}

TEST_CASE("a device that floods again soon is kept out for a while, others are not",
          "[grpc][door]") {
  Book book;
  const auto floods = [&](int id, int ms) {
    CHECK_FALSE(book.comes(id, ms));
    const auto late = book.calls(id, "device-1", ms);
    if (late) return late->reason;
    CHECK_FALSE(book.measured(static_cast<ConnectionBook::Id>(id), {0, 0}, at(ms)));
    const auto cut = book.measured(static_cast<ConnectionBook::Id>(id), {1001, 0}, at(ms));
    return cut ? cut->reason : Reason::kNoCall;
  };
  CHECK(floods(1, 10) == Reason::kNothingButBytes);
  CHECK(floods(2, 200) == Reason::kNothingButBytes);  // the first is forgotten
  CHECK(floods(3, 250) == Reason::kNothingButBytes);
  CHECK(floods(4, 300) == Reason::kKeptOut);
  CHECK_FALSE(book.comes(5, 301));
  CHECK_FALSE(book.calls(5, "device-2", 302));
  CHECK(floods(6, 350) == Reason::kNothingButBytes);  // it is let in again
  CHECK(book.size() == 1);
}

TEST_CASE("an address that comes again is the newer connection's", "[grpc][door]") {
  Book book;
  CHECK_FALSE(book.add(1, from(9), at(1)));
  CHECK_FALSE(book.add(2, from(9), at(2)));
  book.remove(1);
  CHECK_FALSE(book.called(from(9), "device-1", at(3)));
  CHECK(book.strangers() == 0);
  CHECK(book.size() == 1);
  book.remove(2);
  book.remove(2);
  CHECK(book.size() == 0);
}

TEST_CASE("an address is the same however it is written", "[grpc][door]") {
  using coordinator::peer_address;
  const auto v4 = peer_address(std::string_view("ipv4:192.0.2.1:7400"));
  REQUIRE(v4);
  CHECK(v4->port == 7400);
  CHECK(v4 == peer_address(std::string_view("ipv6:[::ffff:192.0.2.1]:7400")));
  const auto v6 = peer_address(std::string_view("ipv6:%5B2001:db8::1%5D:50051"));
  REQUIRE(v6);
  CHECK(v6->port == 50051);
  CHECK(v6 == peer_address(std::string_view("ipv6:[2001:db8::1]:50051")));
  CHECK(v6 == peer_address(std::string_view("ipv6:%5B2001:db8::1%25eth0%5D:50051")));
  CHECK(v6 != v4);
  for (const std::string_view text : {"", "unix:/run/x", "ipv4:192.0.2.1", "ipv4:192.0.2.1:x1"}) {
    CHECK_FALSE(peer_address(text));
  }
}

}  // namespace
