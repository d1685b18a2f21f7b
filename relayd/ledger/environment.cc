#include "relayd/ledger/environment.h"

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/database_cause.h"
#include "relayd/ledger/log_file.h"
#include "relayd/ledger/tables.h"

namespace tsmtp::ledger {
namespace {

constexpr int kFileMode = 0600;
constexpr std::uint32_t kCacheBytes = 1U << 20;
constexpr std::uint32_t kLogBufferBytes = 128U << 10;
constexpr std::size_t kCheckpointBytes = 2U << 20;  // of log
constexpr std::size_t kLogBytesPerChange = 200;     // beside key and value
constexpr std::size_t kMaxMessageBytes = 300;

DBT dbt(const std::string& bytes) {
  DBT out{};
  out.data = const_cast<char*>(bytes.data());  // Berkeley DB reads only
  out.size = static_cast<std::uint32_t>(bytes.size());
  return out;
}

std::string text(const DBT& dbt) {
  return {static_cast<const char*>(dbt.data), dbt.size};
}

bool is_durable(std::span<const Change> changes) {
  for (const Change& change : changes)
    if (change.durable) return true;
  return false;
}

}  // namespace

base::Result<std::unique_ptr<Environment>> Environment::open(const std::string& dir) {
  std::unique_ptr<Environment> environment(new Environment);
  if (auto ok = environment->open_environment(dir); !ok) return ok.error();
  if (auto ok = environment->open_table(Table::kDoubts, kTableFiles[0]); !ok) return ok.error();
  if (auto ok = environment->open_table(Table::kOutcomes, kTableFiles[1]); !ok) return ok.error();
  return environment;
}

Environment::~Environment() {
  if (env_ != nullptr && !failed_) static_cast<void>(env_->txn_checkpoint(env_, 0, 0, DB_FORCE));
  for (DB* table : tables_)
    if (table != nullptr) table->close(table, failed_ ? DB_NOSYNC : 0);
  if (env_ != nullptr) env_->close(env_, 0);
}

void Environment::take_message(const DB_ENV* env, const char* /*prefix*/, const char* message) {
  auto* self = static_cast<Environment*>(env->app_private);
  if (self->message_.empty())
    self->message_ = base::escaped(message, kMaxMessageBytes);  // the first is the cause
}

base::Error Environment::failure(const std::string& what, int code) {
  failed_ = true;
  return base::Error{what + ": " + plain_cause(code, std::exchange(message_, {}))};
}

base::Result<void> Environment::open_environment(const std::string& dir) {
  if (const int code = db_env_create(&env_, 0); code != 0) return failure("cannot set up Berkeley DB", code);
  env_->app_private = this;
  env_->set_errcall(env_, take_message);
  int code = env_->set_cachesize(env_, 0, kCacheBytes, 1);
  if (code == 0) code = env_->set_lg_bsize(env_, kLogBufferBytes);
  if (code == 0) code = env_->set_lg_max(env_, kLogFileBytes);
  if (code == 0) code = env_->log_set_config(env_, DB_LOG_AUTO_REMOVE, 1);
  // A log file that has its size already: a sync need not write its inode too.
  if (code == 0) code = env_->log_set_config(env_, DB_LOG_ZERO, 1);
  // Private: our own memory instead of shared region files; DirectoryLock keeps others out. Without locks:
  // one thread has it.
  constexpr std::uint32_t kFlags =
      DB_CREATE | DB_PRIVATE | DB_RECOVER | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL;
  if (code == 0) code = env_->open(env_, dir.c_str(), kFlags, kFileMode);
  if (code != 0) return base::Error{failure("cannot open the ledger", code).message + ", " + dir};
  return {};
}

base::Result<void> Environment::open_table(Table which, const char* file) {
  DB*& db = table(which);
  int code = db_create(&db, env_, 0);
  if (code == 0) code = db->set_pagesize(db, kTablePageBytes);
  if (code == 0) code = db->set_flags(db, DB_CHKSUM);
  if (code == 0) code = db->open(db, nullptr, file, nullptr, DB_BTREE, DB_CREATE | DB_AUTO_COMMIT, kFileMode);
  if (code != 0) return failure(std::string("cannot open the ledger's table ") + file, code);
  return {};
}

int Environment::change(DB_TXN* transaction, const Change& change) {
  DB* db = table(change.table);
  DBT key = dbt(change.key);
  if (change.value) {
    DBT value = dbt(*change.value);
    return db->put(db, transaction, &key, &value, 0);
  }
  const int code = db->del(db, transaction, &key, 0);
  return code == DB_NOTFOUND ? 0 : code;
}

base::Result<void> Environment::apply(std::span<const Change> changes) {
  DB_TXN* transaction = nullptr;
  int code = env_->txn_begin(env_, nullptr, &transaction, 0);
  if (code != 0) return failure("cannot write to the ledger", code);
  for (const Change& each : changes) {
    logged_bytes_ += kLogBytesPerChange + each.key.size() + (each.value ? each.value->size() : 0);
    code = change(transaction, each);
    if (code == 0) continue;
    const base::Error error = failure("cannot write to the ledger", code);
    static_cast<void>(transaction->abort(transaction));  // what it could not undo, recovery will
    return error;
  }
  // The handle is gone after commit(), whatever it returns.
  code = transaction->commit(transaction, is_durable(changes) ? DB_TXN_SYNC : DB_TXN_WRITE_NOSYNC);
  if (code != 0) return failure("cannot write to the ledger", code);
  return {};
}

// Berkeley DB could count for itself, but looks for log files to remove each time it is asked.
base::Result<void> Environment::checkpoint() {
  if (logged_bytes_ < kCheckpointBytes) return {};
  logged_bytes_ = 0;
  const int code = env_->txn_checkpoint(env_, 0, 0, 0);
  if (code != 0) return failure("cannot write the ledger's tables", code);
  return {};
}

base::Result<std::vector<Entry>> Environment::load(Table which) {
  std::vector<Entry> entries;
  DB* db = table(which);
  DBC* cursor = nullptr;
  int code = db->cursor(db, nullptr, &cursor, 0);
  while (code == 0) {
    DBT key{};
    DBT value{};
    code = cursor->get(cursor, &key, &value, DB_NEXT);
    if (code == 0) entries.push_back({.key = text(key), .value = text(value)});
  }
  if (cursor != nullptr) static_cast<void>(cursor->close(cursor));
  if (code != DB_NOTFOUND) return failure("cannot read the ledger", code);
  return entries;
}

}  // namespace tsmtp::ledger
