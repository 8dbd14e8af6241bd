#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace covey::coordinator {

// Where a connection comes from, to tell connections apart: never who somebody is.
struct PeerAddress {
  std::array<std::uint8_t, 16> host{};  // IPv6, or IPv4 as IPv6 maps it
  std::uint16_t port = 0;
  auto operator<=>(const PeerAddress&) const = default;
};

// Which connections there are, and which of them have to go so that there is room for others. One
// is a stranger's until the first whole call on it has said whose it is. Time is passed in.
// Not thread-safe.
class ConnectionBook {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Id = std::uint64_t;  // the caller's
  struct Limits {
    std::size_t connections = 0;  // all of them
    std::size_t strangers = 0;
    std::size_t per_device = 0;
    std::chrono::milliseconds first_call{0};  // after which it must have come
    std::uint64_t idle_bytes = 0;             // that may come without completing a call
    std::chrono::milliseconds kept_out{0};    // a device that brings more than those, again
  };
  enum class Reason {
    kNoCall,
    kTooManyStrangers,
    kTooManyOfOneDevice,
    kTooMany,
    kNothingButBytes,
    kKeptOut
  };
  struct Cut {
    Id id = 0;
    Reason reason = Reason::kNoCall;
    std::string device;  // empty: a stranger's
  };
  struct Traffic {  // since the connection's beginning
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
  };

  explicit ConnectionBook(const Limits& limits) : limits_(limits) {}

  // A new connection, and which other has to go for it: the stranger who has been here longest, or
  // else the one whose last call is the longest ago.
  std::optional<Cut> add(Id id, const PeerAddress& from, Time now);
  // A whole call of `device`. When it has too many connections now, the one whose last call is the
  // longest ago has to go; when it is kept out, this one. A connection that is not in the book is
  // no matter.
  std::optional<Cut> called(const PeerAddress& from, const std::string& device, Time now);
  // Strangers who have brought no call in time.
  std::vector<Cut> overdue(Time now);
  // Looked at now and then: a connection on which much comes and no call gets whole has to go. One
  // that downloads may say so, a little for each part. A link that breaks off uploads does this to
  // an honest device once in a while: it is kept out when it comes to that again soon.
  std::optional<Cut> measured(Id id, const Traffic& traffic, Time now);
  void remove(Id id);  // it has gone, or is about to

  std::size_t size() const { return entries_.size(); }
  std::size_t strangers() const { return of(std::string()).size(); }

 private:
  struct Entry {
    PeerAddress from;
    std::string device;       // empty: a stranger's
    Time last{};              // call, or when it came
    bool has_called = false;  // since the last look
    Traffic at_call;          // at the first look after the last call
  };
  using Order = std::set<std::pair<Time, Id>>;  // the one to go first is the first

  const Order& of(const std::string& device) const;
  void put_in_order(Id id, const Entry& entry);
  void take_out_of_order(Id id, const Entry& entry);
  Cut take(Id id, Reason reason);
  void note_flood(const std::string& device, Time now);

  Limits limits_;
  std::map<Id, Entry> entries_;
  std::map<PeerAddress, Id> by_address_;
  std::map<std::string, Order> by_device_;  // strangers under the empty name
  Order known_;                             // all but strangers
  struct Flood {
    bool is_kept_out = false;
    Time until{};  // then it is forgotten
  };
  std::map<std::string, Flood> floods_;  // by device
};

}  // namespace covey::coordinator
