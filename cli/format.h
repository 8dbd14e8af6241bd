#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "covey/coordinator/federation.h"
#include "covey/coordinator/records.h"

// How values look to people, and how records look to programs.
namespace covey::cli {

using Json = nlohmann::ordered_json;

std::string text_of_bytes(std::uint64_t bytes);        // "12.3 MB", powers of ten
std::string text_of_time(coordinator::UnixMs at);      // local, "2026-03-01 09:30:00"; "-" for 0
std::string text_of_milliseconds(std::int64_t ms);     // "3.2 s", "12 min 5 s"
std::string text_of_number(double value, int digits);  // "-" for NaN and infinities
std::string joined(const std::vector<std::string>& texts);  // ", "; "-" for none

// A metric by name; "-" when the round has none of it.
std::string text_of_metric(const coordinator::Metrics& metrics, const std::string& name);

Json json_of(const coordinator::FederationStatus& status);
Json json_of(const coordinator::TaskRecord& task);
Json json_of(const coordinator::ModelRecord& model);
Json json_of(const coordinator::RoundRecord& round);
Json json_of(const coordinator::DeviceRecord& device);
Json json_of(const coordinator::LogLine& line);
Json json_of(const coordinator::AuditEntry& entry);

// One line (for streams), or indented. Bytes that are not UTF-8 become U+FFFD.
std::string dump_line(const Json& json);
std::string dump(const Json& json);

template <typename Record>
Json json_list(const std::vector<Record>& records);

}  // namespace covey::cli
