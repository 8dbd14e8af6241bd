#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "covey/base/result.h"

namespace covey::coordinator {

// SQLite with the settings and the schema of a store, and the one group of changes that is under
// way. Exceptions of SQLite end in here. Not thread-safe.
//
// A group begins with its first `change`. If a change fails, all later ones and `commit` fail with
// the same error, until `commit` or `roll_back` has ended the group: no part of a group ever takes
// effect without the rest.
class Database {
 public:
  // Made if it is not there. kDataLoss when it is damaged, kFailedPrecondition when it is not one
  // of Covey's or was written by a newer version.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database() { roll_back(); }

  // Runs body(SQLite::Database&), which returns a Status or Result<T> and may throw what SQLite
  // throws, as part of the group.
  template <typename Body>
  auto change(Body body) -> std::invoke_result_t<Body, SQLite::Database&> {
    if (failed_) return *failed_;
    if (!in_group_) {
      if (Status begun = begin(); !begun) return fail(std::move(begun).error());
    }
    auto result = look(std::move(body));
    if (!result) return fail(std::move(result).error());
    return result;
  }

  // The same for a body that only reads; it sees what the group has changed.
  template <typename Body>
  auto look(Body body) -> std::invoke_result_t<Body, SQLite::Database&> {
    try {
      return body(sqlite_);
    } catch (const SQLite::Exception& exception) {
      return error_of(exception);
    }
  }

  Status commit();
  void roll_back();

  const std::string& path() const { return path_; }
  Error damaged() const;

 private:
  explicit Database(const std::string& path);

  Status prepare();
  Status begin();
  Error fail(Error error);
  Error error_of(const SQLite::Exception& exception) const;

  const std::string path_;
  SQLite::Database sqlite_;
  bool in_group_ = false;
  std::optional<Error> failed_;
};

}  // namespace covey::coordinator
