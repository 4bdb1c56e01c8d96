package upload

// Sessions counts the uploads that the service has something in memory of.
func (s *Service) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}
