package dev.rungroup.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the table.
 *
 * @param what what is measured
 * @param floorText what it is compared with, empty if that is the one of the line above
 * @param floor the name of the floor's figures
 * @param ours the name of ours
 * @param target what is to be reached
 * @param peers others that do the same: how they are called, and the names of their
 * figures
 */
record Row(String what, String floorText, String floor, String ours, Target target, Map<String, String> peers) {

	Row(String what, String floorText, String floor, String ours, Target target) {
		this(what, floorText, floor, ours, target, Map.of());
	}

	/**
	 * The same with peers.
	 * @param namesAndFigures in turn, how a peer is called and the name of its figures
	 */
	Row against(String... namesAndFigures) {
		Map<String, String> peers = new LinkedHashMap<>(this.peers);
		for (int i = 0; i < namesAndFigures.length; i += 2) {
			peers.put(namesAndFigures[i], namesAndFigures[i + 1]);
		}
		return new Row(this.what, this.floorText, this.floor, this.ours, this.target, peers);
	}

}
