package dev.rungroup.cluster;

/**
 * A lease of which the engine keeps something in this JVM.
 */
interface LocalLease extends ClusterLocks.Lease {

	/**
	 * The lease has run out or is lost: clear what is kept of it here, and change nothing
	 * that may belong to another node by now. Called on the thread that acquired it.
	 * @throws Exception if that could not be done
	 */
	void forget() throws Exception;

}
