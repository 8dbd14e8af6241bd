#include "aggregation/model/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

namespace covey::model {
namespace {

// A header is a peer's: its size bounds what reading it may cost, but for these.
constexpr std::size_t kMaxMetadata = 1'024;

using Json = nlohmann::json;

// Takes the parser's events one by one. No tree of values is built, so that a name that occurs
// twice is seen, and a hostile header costs no more memory than its tensors. Every event that the
// form does not have at that place ends the parsing.
class HeaderReader {
 public:
  Result<std::vector<HeaderEntry>> take() && {
    if (error_) return *std::move(error_);
    return std::move(entries_);
  }

  bool key(std::string& name) {
    switch (place_) {
      case Place::kHeader:
        return begin_entry(name);
      case Place::kMetadata:
        if (names_in_object_.size() == kMaxMetadata)
          return fail("__metadata__ has too many entries");
        return names_in_object_.insert(name).second || fail("a name in __metadata__ occurs twice");
      case Place::kTensor:
        return begin_field(name);
      default:
        return fail_form();
    }
  }

  bool start_object(std::size_t) {
    if (place_ == Place::kOutside) return go(Place::kHeader);
    if (place_ != Place::kHeader) return fail_form();
    names_in_object_.clear();
    return go(is_metadata_next_ ? Place::kMetadata : Place::kTensor);
  }

  bool end_object() {
    if (place_ == Place::kHeader) return go(Place::kOutside);
    if (place_ == Place::kTensor && names_in_object_.size() != 3) {
      return fail_entry("needs dtype, shape and data_offsets");
    }
    return go(Place::kHeader);
  }

  bool start_array(std::size_t) {
    if (place_ != Place::kTensor || field_ == "dtype") return fail_form();
    numbers_.clear();
    return go(Place::kNumbers);
  }

  bool end_array() {
    HeaderEntry& entry = entries_.back();
    if (field_ == "shape") {
      entry.tensor.shape = numbers_;
    } else if (numbers_.size() == 2) {
      entry.begin = numbers_[0];
      entry.end = numbers_[1];
    } else {
      return fail_entry("needs two numbers as data_offsets");
    }
    return go(Place::kTensor);
  }

  bool number_unsigned(Json::number_unsigned_t value) {
    if (place_ != Place::kNumbers) return fail_form();
    if (numbers_.size() == ring::kMaxRank) {
      return fail_entry("has more than " + std::to_string(ring::kMaxRank) + " dimensions");
    }
    numbers_.push_back(value);
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::kMetadata) return true;
    if (place_ != Place::kTensor || field_ != "dtype") return fail_form();
    const auto dtype = ring::dtype_from_name(value);
    if (!dtype) return fail_dtype(value);
    entries_.back().tensor.dtype = *dtype;
    return true;
  }

  bool null() { return fail_form(); }
  bool boolean(bool) { return fail_form(); }
  bool number_integer(Json::number_integer_t) { return fail_form(); }
  bool number_float(Json::number_float_t, const std::string&) { return fail_form(); }
  bool binary(Json::binary_t&) { return fail_form(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    return fail("its header is not JSON at byte " + std::to_string(position));
  }

 private:
  enum class Place { kOutside, kHeader, kMetadata, kTensor, kNumbers };

  bool go(Place place) {
    place_ = place;
    return true;
  }

  bool begin_entry(const std::string& name) {
    if (!names_.insert(name).second) return fail("tensor " + shown_name(name) + " occurs twice");
    is_metadata_next_ = name == "__metadata__";
    if (is_metadata_next_) return true;
    if (entries_.size() == ring::kMaxTensors) {
      return fail("it has more than " + std::to_string(ring::kMaxTensors) + " tensors");
    }
    entries_.emplace_back().tensor.name = name;
    return true;
  }

  bool begin_field(const std::string& name) {
    if (name != "dtype" && name != "shape" && name != "data_offsets") {
      return fail_entry("has a field that is not dtype, shape or data_offsets");
    }
    field_ = name;
    return names_in_object_.insert(name).second || fail_entry("has its " + name + " twice");
  }

  bool fail(std::string_view why) {
    error_ = not_safetensors(why);
    return false;
  }
  bool fail_form() {
    return fail("its header is not an object of tensors and their dtype, shape and data_offsets");
  }
  bool fail_entry(const std::string& what) {
    return fail("tensor " + shown_name(entries_.back().tensor.name) + " " + what);
  }
  bool fail_dtype(const std::string& dtype) {
    const bool is_word =
        !dtype.empty() && dtype.size() <= 16 && std::all_of(dtype.begin(), dtype.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        });
    return fail_entry("has a dtype that Covey does not know" + (is_word ? ": " + dtype : ""));
  }

  Place place_ = Place::kOutside;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> names_in_object_;
  bool is_metadata_next_ = false;
  std::string field_;
  std::vector<std::uint64_t> numbers_;
  std::vector<HeaderEntry> entries_;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<HeaderEntry>> parse_header(ByteView json) {
  // A byte-order mark or leading blanks are legal JSON, but not legal here.
  if (json.empty() || json.front() != '{') return not_safetensors("its header begins with no '{'");
  HeaderReader reader;
  Json::sax_parse(json.begin(), json.end(), &reader);
  return std::move(reader).take();
}

std::string shown_name(const std::string& name) {
  const bool is_legal =
      !name.empty() && name.size() <= ring::kMaxTensorName &&
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  return is_legal ? "'" + name + "'" : "of a name that is empty, too long or not printable ASCII";
}

Error not_safetensors(std::string_view why) {
  return invalid_argument("not a safetensors file that Covey can read: " + std::string(why));
}

}  // namespace covey::model
