#include "relayd/ledger/database_cause.h"

#include <db.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <regex>

#include "relayd/base/bytes.h"
#include "relayd/base/system_cause.h"
#include "relayd/ledger/room.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kMaxCauseBytes = 300;

struct CauseRow {
  int code;
  std::string_view words;
};

constexpr std::string_view kOurFault = "Berkeley DB was used wrongly: a fault of relayd, report it";
constexpr std::string_view kNotUsed =
    "Berkeley DB speaks of a part of it that relayd does not use: report it";

// All that db.h of 5.3 has. What a ledger of one thread, with neither locks nor replication, cannot meet has
// one of the two sentences above.
constexpr std::array<CauseRow, 44> kCodes{{
    {DB_RUNRECOVERY, "Berkeley DB has given its files up after an error; relayd opens them anew"},
    {DB_CHKSUM_FAIL, "a page fails its checksum: the disk, or another program, has changed it"},
    {DB_PAGE_NOTFOUND, "a page is missing: a file was cut"},
    {DB_VERIFY_BAD, "a table is damaged"},
    {DB_VERIFY_FATAL, "a table is damaged so that it cannot be looked at"},
    {DB_LOG_VERIFY_BAD, "the log is damaged"},
    {DB_VERSION_MISMATCH, "the files are of another version of Berkeley DB"},
    {DB_OLD_VERSION, "the files are of an older version of Berkeley DB"},
    {DB_SWAPBYTES, "the files are of a machine with another order of bytes"},
    {DB_LOG_BUFFER_FULL, "a change is larger than the log's buffer"},
    {DB_NOTFOUND, "a row is not there"},
    {DB_KEYEMPTY, "a row is not there any more"},
    {DB_KEYEXIST, "a row is there already"},
    {DB_DELETED, "a file is marked as removed"},
    {DB_TXN_CKP, kOurFault},
    {DB_BUFFER_SMALL, kOurFault},
    {DB_ALREADY_ABORTED, kOurFault},
    {DB_NEEDSPLIT, kOurFault},
    {DB_SURPRISE_KID, kOurFault},
    {DB_EVENT_NOT_HANDLED, kOurFault},
    {DB_LOCK_DEADLOCK, kNotUsed},
    {DB_LOCK_NOTGRANTED, kNotUsed},
    {DB_DONOTINDEX, kNotUsed},
    {DB_FOREIGN_CONFLICT, kNotUsed},
    {DB_HEAP_FULL, kNotUsed},
    {DB_SECONDARY_BAD, kNotUsed},
    {DB_NOSERVER, kNotUsed},
    {DB_TIMEOUT, kNotUsed},
    {DB_REP_DUPMASTER, kNotUsed},
    {DB_REP_HANDLE_DEAD, kNotUsed},
    {DB_REP_HOLDELECTION, kNotUsed},
    {DB_REP_IGNORE, kNotUsed},
    {DB_REP_ISPERM, kNotUsed},
    {DB_REP_JOIN_FAILURE, kNotUsed},
    {DB_REP_LEASE_EXPIRED, kNotUsed},
    {DB_REP_LOCKOUT, kNotUsed},
    {DB_REP_NEWSITE, kNotUsed},
    {DB_REP_NOTPERM, kNotUsed},
    {DB_REP_UNAVAIL, kNotUsed},
    {DB_REP_WOULDROLLBACK, kNotUsed},
    {DB_REP_BULKOVF, kNotUsed},
    {DB_REP_LOGREADY, kNotUsed},
    {DB_REP_NEWMASTER, kNotUsed},
    {DB_REP_PAGEDONE, kNotUsed},
}};

bool is_no_room(int code, const std::string& message) {
  const auto names = [&](int error) { return message.find(std::strerror(error)) != std::string::npos; };
  return code == ENOSPC || code == EDQUOT || code == EFBIG || names(ENOSPC) || names(EDQUOT) || names(EFBIG);
}

// Its message numbers, pointers, and names of macros.
std::string without_noise(const std::string& message) {
  static const std::regex noise("BDB[0-9]+ |0x[0-9a-fA-F]+,? ?|DB_[A-Z_]+: ?");
  return std::regex_replace(message, noise, "");
}

// These have advice of their own, which looks for the system's words (Store).
bool has_advice_of_its_own(int code) {
  return code == EACCES || code == EPERM || code == EROFS;
}

}  // namespace

std::string_view words_for(int code) {
  const auto* const row = std::find_if(kCodes.begin(), kCodes.end(),
                                       [code](const CauseRow& known) { return known.code == code; });
  return row == kCodes.end() ? std::string_view{} : row->words;
}

std::string plain_cause(int code, const std::string& message) {
  if (is_no_room(code, message)) return std::string(kNoRoom);
  const std::string said = without_noise(message);
  std::string out(words_for(code));
  if (code > 0) out = has_advice_of_its_own(code) ? std::strerror(code) : base::system_cause(code);
  if (out.empty()) out = "an error of Berkeley DB that this version does not know";
  // What led to it says more than that it has given up; EINVAL alone says nothing.
  if ((code == DB_RUNRECOVERY || code == EINVAL) && !said.empty())
    out = said;
  else if (code < 0 && !said.empty())
    out += " (" + said + ")";
  return base::escaped(out, kMaxCauseBytes);
}

}  // namespace tsmtp::ledger
