#include "mailertable/database/database.h"

#include <db.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "mailertable/database/fill_order.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::uint32_t kPageBytes = 4096;  // as makemap's on every common file system
// Enough for the pages at work, since a hash is filled bucket by bucket and a btree in the order of its keys.
constexpr std::uint32_t kCacheBytes = 16 * 1024 * 1024;
constexpr std::size_t kBatchBytes = 256 * 1024;
// Berkeley DB takes the first number of buckets from two numbers, of which the other would also make it split
// a bucket of so many entries: more than any page holds.
constexpr std::uint32_t kMostPairsOnAPage = kPageBytes / 6;

struct Closer {
  void operator()(DB* db) const { db->close(db, DB_NOSYNC); }
};
using Handle = std::unique_ptr<DB, Closer>;

Failure failure(const std::string& path, int status) {
  return {EX_IOERR, "cannot write " + path + ": " + db_strerror(status), false};
}

/// Puts entries into the database, many in one call.
class BatchWriter {
 public:
  explicit BatchWriter(DB* db) : db_(db), buffer_(kBatchBytes / sizeof(std::uint32_t)) { begin(); }

  /// 0, or Berkeley DB's status.
  [[nodiscard]] int put(const Entry& entry) {
    if (append(entry)) return 0;
    if (const int status = flush(); status != 0) return status;
    // An entry comes from one line, and so always fits an empty buffer.
    return append(entry) ? 0 : DB_BUFFER_SMALL;
  }

  [[nodiscard]] int flush() {
    if (is_empty_) return 0;
    DBT unused{};
    const int status = db_->put(db_, nullptr, &batch_, &unused, DB_MULTIPLE_KEY);
    begin();
    return status;
  }

 private:
  void begin() {
    batch_ = {};
    batch_.data = buffer_.data();
    batch_.ulen = static_cast<std::uint32_t>(buffer_.size() * sizeof(std::uint32_t));
    batch_.flags = DB_DBT_USERMEM | DB_DBT_BULK;
    DB_MULTIPLE_WRITE_INIT(position_, &batch_);
    is_empty_ = true;
  }

  bool append(const Entry& entry) {
    void* key = nullptr;
    void* value = nullptr;
    DB_MULTIPLE_KEY_RESERVE_NEXT(position_, &batch_, key, entry.key.size(), value, entry.value.size());
    if (key == nullptr || value == nullptr) return false;
    std::copy(entry.key.begin(), entry.key.end(), static_cast<char*>(key));
    std::copy(entry.value.begin(), entry.value.end(), static_cast<char*>(value));
    is_empty_ = false;
    return true;
  }

  DB* db_;
  std::vector<std::uint32_t> buffer_;  // the library wants it aligned
  DBT batch_{};
  void* position_ = nullptr;
  bool is_empty_ = true;
};

int configure(DB* db, TableType type, std::uint32_t buckets) {
  db->set_errcall(db, [](const DB_ENV*, const char*, const char*) {});  // else it writes to stderr
  int status = db->set_cachesize(db, 0, kCacheBytes, 1);
  if (status == 0) status = db->set_pagesize(db, kPageBytes);
  if (status != 0 || type != TableType::kHash) return status;
  status = db->set_h_ffactor(db, kMostPairsOnAPage);
  return status == 0 ? db->set_h_nelem(db, buckets * kMostPairsOnAPage) : status;
}

/// The order in which to fill a table.
std::vector<std::uint32_t> order_for(TableType type, const std::vector<Entry>& entries,
                                     std::uint32_t buckets) {
  return type == TableType::kHash ? order_by_bucket(entries, buckets) : order_by_key(entries);
}

int put_all(DB* db, const std::vector<Entry>& entries, const std::vector<std::uint32_t>& order,
            Progress* progress) {
  BatchWriter writer(db);
  if (progress != nullptr) progress->begin("writing", entries.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (const int status = writer.put(entries[order[i]]); status != 0) return status;
    if (progress != nullptr) progress->at(i);
  }
  return writer.flush();
}

}  // namespace

Outcome<void> fill_database(const std::string& path, TableType type, const std::vector<Entry>& entries,
                            Progress* progress) {
  DB* raw = nullptr;
  if (const int status = db_create(&raw, nullptr, 0); status != 0) return failure(path, status);
  Handle db(raw);
  const std::uint32_t buckets = first_buckets(entries, kPageBytes);
  int status = configure(raw, type, buckets);
  if (status == 0)
    status = raw->open(raw, nullptr, path.c_str(), nullptr, type == TableType::kHash ? DB_HASH : DB_BTREE,
                       DB_CREATE | DB_TRUNCATE, 0600);
  if (status == 0) status = put_all(raw, entries, order_for(type, entries, buckets), progress);
  if (status != 0) return failure(path, status);
  // The last pages are written by close, and only its status tells whether they were.
  if (status = db.release()->close(raw, 0); status != 0) return failure(path, status);
  return {};
}

}  // namespace tsmtp::mailertable
