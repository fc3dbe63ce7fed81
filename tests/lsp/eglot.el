;;; eglot.el --- What a person does in Emacs, step by step; any step that fails ends Emacs with an error.  -*- lexical-binding: t -*-

(package-initialize)
(require 'eglot)
(require 'flymake)

(define-derived-mode manifest-mode text-mode "Manifest")
(add-to-list 'eglot-server-programs '(manifest-mode . ("plimsoll" "server")))
(setq eglot-autoshutdown t eglot-confirm-server-initiated-edits nil eglot-send-changes-idle-time 0.05)

(defun step (what holds)
  "Wait until HOLDS returns something; WHAT is said of it."
  (let ((end (+ (float-time) 20)) happened)
    (while (and (not (setq happened (funcall holds))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (princ (format "%s %s\n" (if happened "ok  " "FAIL") what))
    (unless happened
      (princ (format "%S\n" (mapcar #'flymake-diagnostic-text (flymake-diagnostics))))
      (kill-emacs 1))
    happened))

(defun found ()
  "The findings that Flymake shows."
  ;; Edits are sent when Emacs is idle, and without a screen it never is.
  (eglot--signal-textDocument/didChange)
  (flymake-start)
  (flymake-diagnostics))

(defun choose (title)
  "Take the code action whose title begins with TITLE."
  (cl-letf (((symbol-function 'completing-read)
             (lambda (_ actions &rest _)
               (let ((all (all-completions "" actions)))
                 (or (seq-find (lambda (one) (string-prefix-p title one)) all) (error "no action %s among %S" title all))))))
    ;; As if a key had been pressed: after a mouse it would ask with a menu.
    (let ((last-nonmenu-event ?x))
      (call-interactively #'eglot-code-actions))))

(find-file "pod.yaml")
(manifest-mode)
(call-interactively #'eglot)
(step "the server attaches" #'eglot-current-server)
(step "the finding is shown" (lambda () (= 1 (length (found)))))
(let ((one (car (found))))
  (step "at the right columns"
        (lambda () (equal "privileged: true" (buffer-substring (flymake-diagnostic-beg one) (flymake-diagnostic-end one)))))
  (step "with the name of its rule" (lambda () (string-search "privileged-container" (flymake-diagnostic-text one))))
  (goto-char (flymake-diagnostic-beg one)))
(let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
  (step "the rule is explained" (lambda () (string-search "## Good" (plist-get (plist-get hover :contents) :value)))))
(choose "Set ")
(step "the fix is applied" (lambda () (string-search "privileged: false" (buffer-string))))
(step "the finding is gone" (lambda () (null (found))))
(goto-char (point-min))
(search-forward "privileged: false")
(replace-match "privileged: true")
(step "and back" (lambda () (= 1 (length (found)))))
(goto-char (flymake-diagnostic-beg (car (found))))
(choose "Allow ")
(step "allowed with a reason" (lambda () (null (found))))
(save-buffer)
(eglot-shutdown (eglot-current-server))
(kill-emacs 0)
;;; eglot.el ends here
