#include "relayd/link/process_notice.h"

#include "relayd/mux/hello.h"

namespace tsmtp::link {
namespace {

// The first byte, which says what a notice is about.
constexpr char kSuccessor = 5;
constexpr char kPredecessorGone = 6;

struct Encoder {
  std::string operator()(const Successor& notice) const { return kSuccessor + notice.instance; }
  std::string operator()(const PredecessorGone&) const { return {kPredecessorGone}; }
};

}  // namespace

bool is_about_processes(std::string_view notice) {
  return !notice.empty() && (notice.front() == kSuccessor || notice.front() == kPredecessorGone);
}

std::string encode_notice(const ProcessNotice& notice) {
  return std::visit(Encoder{}, notice);
}

// Bytes behind those that are known are of a later version.
base::Result<ProcessNotice> decode_process_notice(std::string_view notice) {
  if (notice.front() == kPredecessorGone) return ProcessNotice(PredecessorGone{});
  notice.remove_prefix(1);
  if (notice.size() < mux::kInstanceBytes)
    return base::Error{"it tells of a successor of its relayd, and ends before it says which"};
  return ProcessNotice(Successor{std::string(notice.substr(0, mux::kInstanceBytes))});
}

}  // namespace tsmtp::link
