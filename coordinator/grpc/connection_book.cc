#include "coordinator/grpc/connection_book.h"

namespace covey::coordinator {
namespace {

// A reader gives the sender leave to go on, in some 40 bytes for 8 KiB at least.
constexpr std::uint64_t kSentForOneReceived = 16;

}  // namespace

const ConnectionBook::Order& ConnectionBook::of(const std::string& device) const {
  static const Order kNone;
  const auto found = by_device_.find(device);
  return found == by_device_.end() ? kNone : found->second;
}

void ConnectionBook::put_in_order(Id id, const Entry& entry) {
  by_device_[entry.device].emplace(entry.last, id);
  if (!entry.device.empty()) known_.emplace(entry.last, id);
}

void ConnectionBook::take_out_of_order(Id id, const Entry& entry) {
  const auto own = by_device_.find(entry.device);
  if (own != by_device_.end()) {
    own->second.erase({entry.last, id});
    if (own->second.empty()) by_device_.erase(own);
  }
  known_.erase({entry.last, id});
}

ConnectionBook::Cut ConnectionBook::take(Id id, Reason reason) {
  Cut cut{id, reason, entries_.at(id).device};
  remove(id);
  return cut;
}

std::optional<ConnectionBook::Cut> ConnectionBook::add(Id id, const PeerAddress& from, Time now) {
  std::optional<Cut> cut;
  if (strangers() > 0 && strangers() >= limits_.strangers) {
    cut = take(of({}).begin()->second, Reason::kTooManyStrangers);
  } else if (!entries_.empty() && entries_.size() >= limits_.connections) {
    cut = take((strangers() > 0 ? of({}) : known_).begin()->second, Reason::kTooMany);
  }
  remove(id);  // a number that is used again: the earlier one had gone
  const auto entry = entries_.insert_or_assign(id, Entry{from, {}, now, false, {}}).first;
  by_address_[from] = id;
  put_in_order(id, entry->second);
  return cut;
}

std::optional<ConnectionBook::Cut> ConnectionBook::called(const PeerAddress& from,
                                                          const std::string& device, Time now) {
  const auto found = by_address_.find(from);
  if (found == by_address_.end()) return std::nullopt;
  const Id id = found->second;
  Entry& entry = entries_.at(id);
  take_out_of_order(id, entry);
  entry.device = device;
  entry.last = now;
  entry.has_called = true;
  put_in_order(id, entry);
  const auto flood = floods_.find(device);
  if (flood != floods_.end() && flood->second.is_kept_out && now < flood->second.until) {
    return take(id, Reason::kKeptOut);
  }
  if (of(device).size() <= limits_.per_device) return std::nullopt;
  return take(of(device).begin()->second, Reason::kTooManyOfOneDevice);
}

std::vector<ConnectionBook::Cut> ConnectionBook::overdue(Time now) {
  std::erase_if(floods_, [&](const auto& entry) { return now >= entry.second.until; });
  std::vector<Cut> cuts;
  while (strangers() > 0 && now - of({}).begin()->first >= limits_.first_call) {
    cuts.push_back(take(of({}).begin()->second, Reason::kNoCall));
  }
  return cuts;
}

std::optional<ConnectionBook::Cut> ConnectionBook::measured(Id id, const Traffic& traffic,
                                                            Time now) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = found->second;
  if (std::exchange(entry.has_called, false)) entry.at_call = traffic;
  const std::uint64_t received = traffic.received_bytes - entry.at_call.received_bytes;
  const std::uint64_t sent = traffic.sent_bytes - entry.at_call.sent_bytes;
  if (received <= limits_.idle_bytes + sent / kSentForOneReceived) return std::nullopt;
  if (!entry.device.empty()) note_flood(entry.device, now);
  return take(id, Reason::kNothingButBytes);
}

void ConnectionBook::note_flood(const std::string& device, Time now) {
  const auto [flood, is_first] = floods_.try_emplace(device);
  flood->second.is_kept_out = !is_first && now < flood->second.until;
  flood->second.until = now + limits_.kept_out;
}

void ConnectionBook::remove(Id id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  take_out_of_order(id, found->second);
  const auto address = by_address_.find(found->second.from);
  if (address != by_address_.end() && address->second == id) by_address_.erase(address);
  entries_.erase(found);
}

}  // namespace covey::coordinator
