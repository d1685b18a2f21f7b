// What an MTA's log says of one mail: the lines with its queue id, which is found by its Message-ID too.
// Reads sendmail's, Postfix's and Exim's. Text only; the log is somebody else's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::diagnosis {

class MtaLog {
 public:
  /// So many lines are kept of one mail, and of each so many bytes.
  static constexpr std::size_t kMostLines = 100;
  static constexpr std::size_t kMostLineBytes = 1000;

  /// `id`: a queue id, or a Message-ID with its @.
  explicit MtaLog(std::string id);

  /// To be called with every line, before read(): a Message-ID may stand behind lines of its mail.
  void look_for_queue_ids(std::string_view line);
  /// To be called with every line, the oldest first.
  void read(std::string_view line);

  [[nodiscard]] const std::vector<std::string>& queue_ids() const { return queue_ids_; }
  /// All that belongs to the mail, oldest first.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  /// Those of them that say what a host replied, the newest first.
  [[nodiscard]] std::vector<std::string> replies() const;

 private:
  [[nodiscard]] bool belongs(std::string_view line) const;

  std::string id_;
  std::vector<std::string> queue_ids_;
  std::vector<std::string> lines_;
};

/// The queue id of a line: the word before the first colon behind the name of the program; empty: none.
[[nodiscard]] std::string_view queue_id_of(std::string_view line);

}  // namespace tsmtp::diagnosis
