#pragma once

#include <string>

#include "integration/world/federation.h"

namespace covey::testing {

// What a coordinator has on its disk, for those who damage it.
inline std::filesystem::path state_of(const Federation& federation) {
  return federation.folder() / "state";
}
std::filesystem::path blob_file(const Federation& federation, const Digest& digest);
Digest digest_of_version(Federation& federation, const std::string& task, std::uint64_t version);

enum class Damage { kAltered, kTruncated, kMissing };
inline constexpr Damage kDamages[] = {Damage::kAltered, Damage::kTruncated, Damage::kMissing};
// Returns what the file had been.
std::string damage(const std::filesystem::path& file, Damage how);

// Starts a coordinator which is to refuse: fails unless it ends with 1. Returns what it said.
std::string refusal(Federation& federation, const std::vector<std::string>& more = {});
void stop_coordinator(Federation& federation);  // in good order

// Fails unless what the coordinator shows fits together: the current model is what the completed
// rounds add up to, the versions are as many, and the audit log is whole. Returns the rounds.
std::vector<coordinator::RoundDetails> check_standing(Federation& federation,
                                                      const std::string& task);

bool contains(const std::string& text, const std::string& words);

}  // namespace covey::testing
